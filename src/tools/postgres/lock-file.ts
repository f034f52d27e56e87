/** Handles a stale lock file in PostgreSQL's data directory. @module */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../local/process-identity.js';

/**
 * Lets PostgreSQL start despite the lock file of a dead server. PostgreSQL refuses to start while a process with the ID
 * in its lock file exists. After a kill, that can be a zombie or, in a restarted container, an unrelated program.
 * @returns the environment variable that makes PostgreSQL ignore this process ID; empty if it is a running server's.
 *   Unlike deleting the file, this keeps PostgreSQL's check that no session of the dead server is still running.
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
