/** The lock file that PostgreSQL keeps in its data. @module */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../local/process-identity.js';

/**
 * PostgreSQL refuses to start while the process ID in its lock file exists. After a kill that may be a zombie, or, in a
 * container that was started anew, any other program.
 * @returns the variable by which PostgreSQL is told that this ID is not another server's; its check that no session of a
 *   dead server is still at work stays in force, which it would not if the file were deleted
 */
export function pardonDeadServer(data: string): NodeJS.ProcessEnv {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10);
  } catch {
    return {};
  }
  return pid > 0 && !isServer(pid) ? { PG_GRANDPARENT_PID: String(pid) } : {};
}

function isServer(pid: number): boolean {
  if (!isRunning({ pid })) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
  } catch {
    return false;
  }
}
