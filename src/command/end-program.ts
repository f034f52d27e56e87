/** Ends a program from outside its supervisor. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { McpTasksError } from '../task/errors.js';
import { isLeft, signalProgram, type ProgramProcesses } from './processes.js';
import type { Stop } from './supervisor-messages.js';

/** How often to look whether the program has ended, in milliseconds. */
const LOOK = 50;
/** How long processes may take to end after SIGKILL, in milliseconds. One in an uninterruptible wait of the kernel does not. */
const KILLED = 30_000;

/**
 * Asks a program to stop, and kills what is left of it after the grace period.
 * @throws McpTasksError `LOCAL_SERVICE` if a part of it survives even that
 */
export async function endProgram(program: ProgramProcesses, { signal, grace }: Stop): Promise<void> {
  if (!isLeft(program)) return;
  signalProgram(program, signal);
  if (await untilEnded(program, grace)) return;
  signalProgram(program, 'SIGKILL');
  const deadline = Date.now() + KILLED;
  // Again and again, because a process may have started another one just before it was killed.
  while (!(await untilEnded(program, LOOK))) {
    signalProgram(program, 'SIGKILL');
    if (Date.now() > deadline)
      throw new McpTasksError(
        'LOCAL_SERVICE',
        `a process of an earlier attempt is still running after SIGKILL (group ${program.leader?.pid ?? 'unknown'})`,
      );
  }
}

async function untilEnded(program: ProgramProcesses, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (isLeft(program)) {
    if (Date.now() >= deadline) return false;
    await sleep(LOOK);
  }
  return true;
}
