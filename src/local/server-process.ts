/** Starts, awaits and stops a server process that outlives the process that started it. @module */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpTasksError } from '../task/errors.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** The size above which the next start truncates the log, in bytes. */
const LONGEST_LOG = 10_000_000;

const STOP_TIMEOUT = 15_000;

/** How much of a log line an error quotes, in characters. */
const LONGEST_LINE = 400;

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Its environment: see `environmentFor`. */
  readonly env: NodeJS.ProcessEnv;
  /** The user to run as. Only the superuser may choose one. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface StartedServer extends ProcessIdentity {
  /** Returns why the process has ended, once that is known, slightly after it has. */
  ended(): string | undefined;
  /** Waits for the reason why the process has ended, for at most `timeout` milliseconds. */
  whyEnded(timeout: number): Promise<string | undefined>;
  /** Returns what it wrote since its start, at most the last `lines` lines. */
  lastLines(lines: number): string;
}

/**
 * Starts a process in its own session, so that it survives the end of this process and a Ctrl-C in its terminal. Its
 * output goes to `logPath`.
 * @param onStart called with the new process in the same turn; if it throws, the process is killed
 */
export function startServer(
  command: ServerCommand,
  logPath: string,
  onStart: (server: ProcessIdentity) => void,
): StartedServer {
  const log = openLog(logPath);
  let end: string | undefined;
  try {
    const { file, args, ...options } = command;
    const child = spawn(file, args, {
      ...options,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const known = new Promise<string>((resolve) => {
      const note = (why: string): void => resolve((end ??= why));
      child.once('error', (error) => note(error.message));
      child.once('exit', (code, signal) => note(signal ? `killed by ${signal}` : `exited with code ${code}`));
    });
    child.unref();
    const server = identify(child.pid ?? -1);
    if (child.pid === undefined) end = `cannot run ${file}`;
    else tell(onStart, server);
    const whyEnded = async (timeout: number): Promise<string | undefined> =>
      await Promise.race([known, sleep(timeout, undefined)]);
    return { ...server, ended: () => end, whyEnded, lastLines: (lines) => tail(logPath, log.start, lines) };
  } finally {
    closeSync(log.fd);
  }
}

function tell(onStart: (server: ProcessIdentity) => void, server: ProcessIdentity): void {
  try {
    onStart(server);
  } catch (error) {
    // A server that cannot be recorded would keep running without any process knowing of it.
    send(server, 'SIGKILL');
    throw error;
  }
}

/**
 * Tries `probe` until it succeeds.
 * @param ended returns the reason to give up, once there is one
 * @param signal stops waiting
 * @throws the signal's reason
 * @returns `undefined` once the probe has succeeded, or why it did not within `timeout` milliseconds
 */
export async function untilAnswers(
  probe: () => Promise<void>,
  timeout: number,
  ended: () => string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + timeout;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    signal?.throwIfAborted();
    let failure: unknown;
    try {
      await probe();
      // If this server has ended, the answer may have come from another program that took its port.
      return ended();
    } catch (error) {
      failure = error;
    }
    const end = ended();
    if (end !== undefined) return end;
    if (Date.now() > deadline) {
      return `no answer within ${timeout / 1000} s (${failure instanceof Error ? failure.message : String(failure)})`;
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** How to stop a server. */
export interface StopOptions {
  /** The signal that makes it stop without losing data. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to stop before it is killed, in milliseconds. @default 15000 */
  readonly stopTimeout?: number;
}

/**
 * Asks a process to stop, and kills it if that takes too long.
 * @throws McpTasksError `LOCAL_SERVICE` if it survives even that
 */
export async function stopServer(
  server: ProcessIdentity,
  { stopSignal, stopTimeout = STOP_TIMEOUT }: StopOptions,
): Promise<void> {
  send(server, stopSignal);
  if (await untilGone(server, stopTimeout)) return;
  send(server, 'SIGKILL');
  if (await untilGone(server, 10_000)) return;
  throw new McpTasksError('LOCAL_SERVICE', `Process ${server.pid} is still running after SIGKILL.`);
}

/** Sends a signal to this exact process, unless it has ended. */
export function send(server: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(server)) return;
  try {
    process.kill(server.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilGone(server: ProcessIdentity, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (isRunning(server)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function openLog(path: string): { fd: number; start: number } {
  const fd = openSync(path, 'a', 0o600);
  const { size } = fstatSync(fd);
  if (size <= LONGEST_LOG) return { fd, start: size };
  closeSync(fd);
  return { fd: openSync(path, 'w', 0o600), start: 0 };
}

function tail(path: string, start: number, lines: number): string {
  try {
    const last = readFileSync(path).subarray(start).toString('utf8').trimEnd().split('\n').slice(-lines);
    return last.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line)).join('\n');
  } catch {
    return '';
  }
}
