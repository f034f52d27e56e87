/** Mutual exclusion between processes, for one directory at a time. @module */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { McpTasksError } from '../task/errors.js';

/** After how long without a sign of life a lock counts as left behind by a killed process, in milliseconds. */
const STALE = 10_000;

export interface MutexOptions {
  /** How long to wait for the others, in milliseconds. */
  readonly timeout: number;
  /** Called about every ten seconds while others hold the lock, with the seconds waited so far. */
  readonly onWait?: (seconds: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The lock was taken away, for example after the event loop had been blocked; the work is to be done again. */
export class MutexLostError extends Error {}

/** Throws a {@link MutexLostError} if the lock is not ours any more; to be called before what cannot be undone. */
export type AssertHeld = () => void;

/**
 * Runs `section` while no other process, and nobody else in this one, runs a section for the same directory.
 * @throws McpTasksError `LOCAL_SERVICE` if the others take longer than the timeout, the signal's reason if it aborts.
 */
export async function withMutex<T>(
  dir: string,
  options: MutexOptions,
  section: (assertHeld: AssertHeld) => Promise<T>,
): Promise<T> {
  let lost = false;
  const unlock = await waitForLock(dir, options, () => {
    lost = true;
  });
  try {
    // Two processes that find the same lock left behind may both believe to have taken it; the last to sign has it.
    const owner = join(dir, 'lock.owner');
    const token = randomUUID();
    await writeFile(owner, token);
    return await section(() => {
      if (lost || readFileSync(owner, 'utf8') !== token) throw new MutexLostError(`The lock of ${dir} was lost`);
    });
  } finally {
    // Fails only if the lock was lost, or its directory deleted.
    await unlock().catch(() => {});
  }
}

/** For the moment of exit, when nothing can be awaited: runs `section` if the lock is free, and else nothing. */
export function tryMutexSync(dir: string, section: () => void): boolean {
  let unlock: () => void;
  try {
    unlock = lockfile.lockSync(
      dir,
      lockOptions(dir, () => {}),
    );
  } catch {
    return false;
  }
  try {
    section();
  } finally {
    unlock();
  }
  return true;
}

async function waitForLock(dir: string, options: MutexOptions, onLost: () => void): Promise<() => Promise<void>> {
  const start = Date.now();
  let nextLine = 10_000;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await lockfile.lock(dir, lockOptions(dir, onLost));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    const waited = Date.now() - start;
    if (waited > options.timeout) {
      throw new McpTasksError(
        'LOCAL_SERVICE',
        `Another process has held the lock of ${dir} for ${Math.round(waited / 1000)} s.`,
      );
    }
    if (waited > nextLine) {
      options.onWait?.(Math.round(waited / 1000));
      nextLine += 10_000;
    }
    // With jitter, so that many that wait do not all try at the same moments.
    await sleep(20 + Math.random() * 60, undefined, { signal: options.signal });
  }
}

function lockOptions(dir: string, onLost: () => void): lockfile.LockOptions {
  // The default of onCompromised throws out of a timer, which would end the process.
  return { lockfilePath: join(dir, 'lock'), stale: STALE, update: STALE / 5, onCompromised: onLost };
}
