/** Records a lock's owner in a file next to it, so that others notice at once when that process has ended. @module */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { identify, isRunning } from './process-identity.js';

const Owner = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  /** Distinguishes this lock from later ones of the same name. */
  lock: z.string(),
});

export const lockPath = (dir: string): string => join(dir, 'lock');
export const ownerPath = (dir: string): string => join(dir, 'lock.owner');

/**
 * Names this process as the owner of the lock that it has just taken.
 * @returns what {@link readOwner} returns until another process takes the lock
 */
export function nameOwner(dir: string): string {
  const name = JSON.stringify({ ...identify(process.pid), lock: identityOf(lockPath(dir)), id: randomUUID() });
  writeFileSync(ownerPath(dir), name, { mode: 0o600 });
  return name;
}

/** Returns the name that the owner wrote, or `undefined` if there is none. */
export function readOwner(dir: string): string | undefined {
  try {
    return readFileSync(ownerPath(dir), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Removes the lock if the process that holds it has ended without releasing it.
 * @returns whether it did
 */
export function removeDeadLock(dir: string): boolean {
  try {
    const { lock, ...owner } = Owner.parse(JSON.parse(readOwner(dir) ?? ''));
    const path = lockPath(dir);
    if (isRunning(owner) || identityOf(path) !== lock) return false;
    // Rename first: only one of the processes that find the dead lock succeeds.
    const aside = `${path}.${randomUUID()}`;
    renameSync(path, aside);
    if (identityOf(aside) === lock) {
      rmdirSync(aside);
      return true;
    }
    // Another process has just removed the dead lock and taken a new one, which this rename caught.
    renameSync(aside, path);
    return false;
  } catch {
    // The owner is unknown, or the lock is gone.
    return false;
  }
}

function identityOf(path: string): string {
  const { ino, birthtimeMs } = statSync(path);
  return `${ino}/${birthtimeMs}`;
}
