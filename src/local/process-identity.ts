/**
 * Which process is meant by a process ID, so that an ID that the system gave to another process is not mistaken for it.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in whatever form the system tells it; absent where it does not tell (Windows). */
  readonly startedAt?: string | undefined;
}

/** The identity of a process that runs now. Synchronous, so that it can be recorded before anything else happens. */
export function identify(pid: number): ProcessIdentity {
  const startedAt = look(pid)?.startedAt;
  return startedAt === undefined ? { pid } : { pid, startedAt };
}

/** Whether that very process still runs. A zombie does not: it only waits for its parent to take notice. */
export function isRunning(process: ProcessIdentity): boolean {
  if (!exists(process.pid)) return false;
  const found = look(process.pid);
  if (!found) return true;
  return !found.zombie && (process.startedAt === undefined || process.startedAt === found.startedAt);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Look {
  readonly zombie: boolean;
  readonly startedAt: string;
}

/** What the system tells about a process; undefined if it is not there or the system does not tell. */
function look(pid: number): Look | undefined {
  try {
    if (process.platform === 'linux') return lookInProc(pid);
    if (process.platform !== 'win32') return askPs(pid);
  } catch {
    // It ended just now, or other users' processes are hidden from us.
  }
  return undefined;
}

function lookInProc(pid: number): Look {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses and may itself hold spaces and parentheses; what follows begins with
  // field 3, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  // Field 20. While other threads than the first one have not ended yet, they keep files and ports open.
  const threads = Number(fields[17]);
  // Field 22, in clock ticks since boot, which only the boot makes unique.
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
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    timeout: 5_000,
  }).trim();
  const [state = '', ...startedAt] = line.split(/\s+/);
  return { zombie: state.startsWith('Z'), startedAt: startedAt.join(' ') };
}
