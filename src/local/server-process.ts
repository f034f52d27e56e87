/** Starts, awaits and stops a server process that outlives whoever started it. @module */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpTasksError } from '../task/errors.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** From which size on the log begins anew at the next start, in bytes. */
const LONGEST_LOG = 10_000_000;

/** How much of a line of the log an error quotes, in characters. */
const LONGEST_LINE = 400;

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whom to run as; only the superuser may choose. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface StartedServer extends ProcessIdentity {
  /** Why the process has ended, as soon as that is known, which is a little later than that it has. */
  ended(): string | undefined;
  /** The same, waited for at most so many milliseconds. */
  whyEnded(timeout: number): Promise<string | undefined>;
  /** What it wrote since its start: at most the last `lines` lines. */
  lastLines(lines: number): string;
}

/**
 * Starts a process in a session of its own, so that neither the end of this process nor a Ctrl-C in its terminal
 * reaches it; everything it writes goes to `logPath`.
 * @param onStart called in the same turn as the start, with the new process
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
      child.once('exit', (code, signal) => note(signal ? `ended by ${signal}` : `ended with exit code ${code}`));
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
    // A server that cannot be recorded would run on unknown to everybody.
    send(server, 'SIGKILL');
    throw error;
  }
}

/**
 * Tries `probe` until it succeeds.
 * @param ended tells why it makes no sense to go on, as soon as it does not
 * @returns undefined once the probe succeeded, or why it did not within `timeout` milliseconds
 */
export async function untilAnswers(
  probe: () => Promise<void>,
  timeout: number,
  ended: () => string | undefined,
): Promise<string | undefined> {
  const deadline = Date.now() + timeout;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    let failure: unknown;
    try {
      await probe();
      // The answer may have come from somebody else, if this one ended and its port went to another.
      return ended();
    } catch (error) {
      failure = error;
    }
    const end = ended();
    if (end !== undefined) return end;
    if (Date.now() > deadline) {
      return `no answer within ${timeout / 1000} s (${failure instanceof Error ? failure.message : String(failure)})`;
    }
    await sleep(pause);
  }
}

/**
 * Asks a process to stop, and kills it if it has not within `timeout` milliseconds.
 * @throws McpTasksError `LOCAL_SERVICE` if it survives even that
 */
export async function stopServer(server: ProcessIdentity, signal: NodeJS.Signals, timeout: number): Promise<void> {
  send(server, signal);
  if (await untilGone(server, timeout)) return;
  send(server, 'SIGKILL');
  if (await untilGone(server, 10_000)) return;
  throw new McpTasksError('LOCAL_SERVICE', `Process ${server.pid} does not end, not even by SIGKILL.`);
}

/** Sends a signal to that very process; nothing happens if it has ended. */
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
