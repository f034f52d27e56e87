/** Runs a program of a command tool under a supervisor, for as long as Temporal expects it. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { isShutdown } from '../activity/interruption.js';
import { PROGRAM_ENDED } from '../task/program-ended.js';
import { ToolError } from '../tool/errors.js';
import { logBytesOf, lostStopOf, stopOf, workingDirectory, type CommandTool } from './command-tool.js';
import { programEnvironment } from './environment.js';
import type { ProgramEnd } from './exit.js';
import { isExpected } from './expected.js';
import type { TaskFolder } from './folder.js';
import { Supervised, type ProgramEvents, type SupervisedEnd } from './supervised.js';
import type { ProgramStart } from './supervisor-messages.js';

/** How many of the last lines are kept, and their maximum length together, in characters. */
const TAIL = { lines: 20, length: 4_000 };
/** The share of the heartbeat timeout that is the lease. A lost attempt is replaced only after the whole timeout. */
const LEASE_SHARE = 1 / 2;
/** How often to ask Temporal, as a share of the lease. */
const RENEWAL_SHARE = 1 / 6;
/** How long after a signal to the program its worker may begin to shut down, in milliseconds: Temporal gives its steps 10 s. */
const SHUTDOWN_FOLLOWS = 15_000;

/** A program to run. */
export interface ProgramRun {
  readonly tool: CommandTool;
  readonly folder: TaskFolder;
  readonly argv: readonly string[];
  /** Written to the log before the program's output. */
  readonly title: string;
  /** Called when the supervisor runs, before the program does. */
  readonly supervised?: (supervisor: Supervised['supervisor']) => void;
  readonly events?: Partial<ProgramEvents>;
}

/** How a program ended by itself. */
export interface ProgramResult extends ProgramEnd {
  /** The last lines of its output. */
  readonly tail: readonly string[];
}

/** Returns the lease of the current activity's program, in milliseconds. */
export function leaseOf({ info }: Context): number {
  return Math.max(1_000, (info.heartbeatTimeoutMs ?? 60_000) * LEASE_SHARE);
}

/** Returns how long the current activity's program can survive its worker, in milliseconds. */
export function outlivesOf(tool: CommandTool, activity: Context): number {
  return leaseOf(activity) + lostStopOf(tool).grace;
}

/**
 * Runs a program to its end. When this returns or throws, none of its processes is left.
 * @throws ToolError if it cannot be started; CancelledFailure if it was stopped because of the activity's signal; an
 *   error if Temporal has given up on the attempt, or has not confirmed it in time
 */
export async function runProgram({
  tool,
  folder,
  argv,
  title,
  supervised,
  events = {},
}: ProgramRun): Promise<ProgramResult> {
  const activity = Context.current();
  const signal = activity.cancellationSignal;
  signal.throwIfAborted();
  const { env, secrets } = programEnvironment(tool.spec.env);
  const lost = lostStopOf(tool);
  const start: ProgramStart = {
    argv,
    cwd: workingDirectory(tool),
    env,
    secrets,
    mark: folder.mark,
    stop: stopOf(tool),
    lostGrace: lost.grace,
    lease: leaseOf(activity),
    log: { dir: folder.log, bytes: logBytesOf(tool), title },
  };
  const tail = new Tail();
  const program = Supervised.prepare(start, {
    started: (leader) => events.started?.(leader),
    lines: (lines, offset) => {
      tail.add(lines);
      events.lines?.(lines, offset);
    },
  });
  const over = new AbortController();
  const stop = (): void => program.stop(start.stop);
  signal.addEventListener('abort', stop, { once: true });
  try {
    supervised?.(program.supervisor);
    program.run();
    const keeping = keepLease(program, activity, over.signal).then((kept) => {
      if (!kept) program.stop(lost);
      return kept;
    });
    const end = await program.ended;
    over.abort();
    const isLost = !(await keeping);
    if (!signal.aborted && mayBeShutdown(end)) await shutdown(activity, signal);
    // Tells the workflow that nothing of the program is left.
    if (signal.aborted) throw new CancelledFailure('the program was stopped', [...PROGRAM_ENDED]);
    if (isLost) throw new Error('Temporal has given up on this attempt, so its program was stopped');
    return { ...ownEnd(tool, argv, end), tail: tail.lines };
  } finally {
    over.abort();
    signal.removeEventListener('abort', stop);
    await program.close();
  }
}

/**
 * Renews the lease for as long as Temporal confirms the attempt.
 * @returns whether the attempt was still confirmed when it ended
 */
async function keepLease(program: Supervised, activity: Context, over: AbortSignal): Promise<boolean> {
  const lease = leaseOf(activity);
  while (!over.aborted) {
    const asked = Date.now();
    // If Temporal does not answer, the lease runs out.
    const expected = await isExpected(activity).catch(() => undefined);
    if (expected === false) return over.aborted;
    if (expected) program.renew(lease, asked);
    await sleep(lease * RENEWAL_SHARE, undefined, { signal: over }).catch(() => undefined);
  }
  return true;
}

/** Whether the program was stopped from outside, perhaps because the whole service stops, together with its worker. */
function mayBeShutdown(end: SupervisedEnd): boolean {
  if (end.kind !== 'ended') return false;
  return end.why === 'signal' || (end.signal !== null && ['SIGTERM', 'SIGINT', 'SIGHUP'].includes(end.signal));
}

/** Waits for the shutdown of the worker, which may follow. Then the attempt does not count as failed. */
async function shutdown(activity: Context, signal: AbortSignal): Promise<void> {
  if (isShutdown(activity)) return;
  await sleep(SHUTDOWN_FOLLOWS, undefined, { signal }).catch(() => undefined);
}

/** @throws ToolError if the program could not be started; an error if its supervisor has stopped it */
function ownEnd(tool: CommandTool, [file = '']: readonly string[], end: SupervisedEnd): ProgramEnd {
  if (end.kind === 'failed') throw notStarted(tool, file, end);
  if (end.why === 'lease')
    throw new Error(
      `${file} was stopped, because Temporal did not confirm in time that this attempt is the current one`,
    );
  return { code: end.code, signal: end.signal };
}

function notStarted({ name }: CommandTool, file: string, { message, code }: SupervisedEnd & { kind: 'failed' }): Error {
  switch (code) {
    case 'ENOENT':
      return new ToolError(
        `The worker has no program "${file}". The operator of tool ${name} must install it, or set the worker's PATH.`,
      );
    case 'EACCES':
      return new ToolError(
        `The worker must not execute "${file}". The operator of tool ${name} must make it executable.`,
      );
    case 'E2BIG':
      return new ToolError('The arguments are too long for a command line. Pass less, or the path of a file.');
    case undefined:
    default:
      return new Error(`${file} could not be started: ${message}`);
  }
}

/** The last lines of a program's output. */
class Tail {
  #lines: string[] = [];

  get lines(): readonly string[] {
    const kept: string[] = [];
    let left = TAIL.length;
    for (const line of this.#lines.toReversed()) {
      if (kept.length > 0 && line.length > left) break;
      kept.unshift(line.slice(0, TAIL.length));
      left -= line.length;
    }
    return kept;
  }

  add(lines: readonly string[]): void {
    this.#lines = [...this.#lines, ...lines.filter((line) => line.trim() !== '')].slice(-TAIL.lines);
  }
}
