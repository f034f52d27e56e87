/** The files of a server's leases: one small file per lease, void once its process has ended. @module */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { privateFolder } from './private-files.js';
import { identify, isRunning } from './process-identity.js';

const LeaseFile = z.object({ pid: z.int().positive(), startedAt: z.string().optional() });

function leaseDir(dir: string): string {
  return join(dir, 'leases');
}

/**
 * Adds a lease for this process, even if it already has one. Call it under the lock.
 * @returns the path of the lease's file
 */
export function addLeaseFile(dir: string, log: (line: string) => void): string {
  privateFolder(leaseDir(dir), { log });
  const path = join(leaseDir(dir), `${process.pid}-${randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  return path;
}

export function removeLeaseFile(path: string): void {
  rmSync(path, { force: true });
}

/**
 * Removes the leases of processes that have ended. Call it under the lock.
 * @returns how many leases are left
 */
export function sweepLeaseFiles(dir: string): number {
  let left = 0;
  for (const name of list(leaseDir(dir))) {
    const path = join(leaseDir(dir), name);
    if (isHeld(path)) left += 1;
    else removeLeaseFile(path);
  }
  return left;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isHeld(path: string): boolean {
  try {
    return isRunning(LeaseFile.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch {
    // The file is incomplete because of a kill, or already gone.
    return false;
  }
}
