/**
 * Identifies a process by its ID and start time, so that another process that reuses the ID is not mistaken for it.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { environmentFor } from './environment.js';

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in the system's own format. Absent if the system does not report it (Windows). */
  readonly startedAt?: string | undefined;
}

/** Returns the identity of a running process. Synchronous, so that it can be recorded before anything else happens. */
export function identify(pid: number): ProcessIdentity {
  const startedAt = look(pid)?.startedAt;
  return startedAt === undefined ? { pid } : { pid, startedAt };
}

/** Returns whether this exact process still runs. A zombie does not: it only waits for its parent to reap it. */
export function isRunning(process: ProcessIdentity): boolean {
  if (!exists(process.pid)) return false;
  const found = look(process.pid);
  if (!found) return true;
  return !found.zombie && (process.startedAt === undefined || process.startedAt === found.startedAt);
}

function exists(pid: number): boolean {
  // To the operating system, 0 and negative numbers mean process groups, and -1 means all processes.
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Look {
  readonly zombie: boolean;
  readonly startedAt: string;
}

/** Returns what the system reports about a process, or `undefined` if it does not exist or nothing is reported. */
function look(pid: number): Look | undefined {
  try {
    if (process.platform === 'linux') return lookInProc(pid);
    if (process.platform !== 'win32') return askPs(pid);
  } catch {
    // It has just ended, or the system hides other users' processes.
  }
  return undefined;
}

function lookInProc(pid: number): Look {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Field 2 is the name in parentheses, and may itself contain spaces and parentheses. Start after it, with field 3,
  // the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  // Field 20, the number of threads. Until the other threads have ended too, they keep files and ports open.
  const threads = Number(fields[17]);
  // Field 22, the start time in clock ticks since boot. It is unique only together with the boot ID.
  const start = fields[19];
  return { zombie: (state === 'Z' || state === 'X') && threads <= 1, startedAt: `${bootId()}/${start}` };
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

function askPs(pid: number): Look {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...environmentFor('run'), LC_ALL: 'C', TZ: 'UTC' },
    timeout: 5_000,
  }).trim();
  const [state = '', ...startedAt] = line.split(/\s+/);
  return { zombie: state.startsWith('Z'), startedAt: startedAt.join(' ') };
}
