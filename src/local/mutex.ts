/** Mutual exclusion between processes, per directory. @module */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { McpTasksError } from '../task/errors.js';
import { lockPath, nameOwner, ownerPath, readOwner, removeDeadLock } from './lock-owner.js';

/**
 * How long a lock may go without renewal before it counts as abandoned by a killed process, in milliseconds. A lock
 * whose owner is known to have ended counts as abandoned at once.
 */
const STALE = 10_000;

export interface MutexOptions {
  /** How long to wait for the lock, in milliseconds. */
  readonly timeout: number;
  /** Called about every ten seconds while others hold the lock, with the seconds waited so far. */
  readonly onWait?: (seconds: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The lock was lost, for example because the event loop was blocked. Do the work again. */
export class MutexLostError extends Error {}

/** Throws a {@link MutexLostError} if the lock is no longer ours. Call it before anything that cannot be undone. */
export type AssertHeld = () => void;

/**
 * Runs `section` while no other section for the same directory runs, in this process or any other.
 * @throws McpTasksError `LOCAL_SERVICE` if the lock is not free within the timeout; the signal's reason if it aborts
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
    // Two processes that find the same stale lock may both believe they took it. The last one to write its name holds
    // it.
    const name = nameOwner(dir);
    try {
      return await section(() => {
        if (lost || readOwner(dir) !== name) throw new MutexLostError(`lost the lock on ${dir}`);
      });
    } finally {
      if (readOwner(dir) === name) rmSync(ownerPath(dir), { force: true });
    }
  } finally {
    // Fails only if the lock was lost or its directory was deleted.
    await unlock().catch(() => {});
  }
}

/**
 * Runs `section` if the lock is free. Meant for process exit, when nothing can be awaited.
 * @returns whether it ran
 */
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
    if (removeDeadLock(dir)) continue;
    const waited = Date.now() - start;
    if (waited > options.timeout) {
      throw new McpTasksError(
        'LOCAL_SERVICE',
        `Another process has held the lock on ${dir} for ${Math.round(waited / 1000)} s. Try again once it is done.`,
      );
    }
    if (waited > nextLine) {
      options.onWait?.(Math.round(waited / 1000));
      nextLine += 10_000;
    }
    // Jitter keeps waiting processes from all trying at the same moment.
    await sleep(20 + Math.random() * 60, undefined, { signal: options.signal });
  }
}

function lockOptions(dir: string, onLost: () => void): lockfile.LockOptions {
  // The default onCompromised throws from a timer, which would crash the process.
  return { lockfilePath: lockPath(dir), stale: STALE, update: STALE / 5, onCompromised: onLost };
}
