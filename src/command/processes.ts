/**
 * Finds and ends the processes of a program: its process group and, on Linux, descendants that have left the group.
 * Those are found by a variable in their environment, as Jenkins' ProcessTreeKiller does it.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isRunning, type ProcessIdentity } from '../local/process-identity.js';

/** The variable that all processes of a task's program inherit. */
export const MARK = 'MCP_TASKS_RUN';

/** What is known about a program's processes. */
export interface ProgramProcesses {
  /** The leader of the process group; its ID is also the group's. Unknown if it was not recorded. */
  readonly leader?: ProcessIdentity | undefined;
  /** The value of {@link MARK} in the environment of its processes. */
  readonly mark: string;
}

/** Sends a signal to everything that is left of a program. Returns whether anything was. */
export function signalProgram({ leader, mark }: ProgramProcesses, signal: NodeJS.Signals): boolean {
  const inGroup = leader !== undefined && isSameGroup(leader) && send(-leader.pid, signal);
  // Not all of them twice: a second SIGINT makes many programs give up their own clean-up.
  const others = markedProcesses(mark).filter(({ group }) => !inGroup || group !== leader?.pid);
  const sent = others.map(({ pid }) => send(pid, signal));
  return inGroup || sent.includes(true);
}

/** Returns whether anything of a program is left. A zombie is not: it only waits for its parent to reap it. */
export function isLeft({ leader, mark }: ProgramProcesses): boolean {
  if (leader && isRunning(leader)) return true;
  if (process.platform === 'linux')
    return listProcesses().some(
      ({ pid, group, zombie }) =>
        !zombie && ((leader && isSameGroup(leader) && group === leader.pid) || isMarked(pid, mark)),
    );
  return leader !== undefined && isSameGroup(leader) && send(-leader.pid, 0);
}

/**
 * Whether the group is still this program's. The system gives the number of a group that has members to no new process,
 * so a leader with another start time means that the whole group has ended.
 */
function isSameGroup(leader: ProcessIdentity): boolean {
  return leader.pid > 1 && (isRunning(leader) || !isRunning({ pid: leader.pid }));
}

interface Listed {
  readonly pid: number;
  readonly group: number;
  readonly zombie: boolean;
}

function markedProcesses(mark: string): Listed[] {
  return listProcesses().filter(({ pid, zombie }) => !zombie && isMarked(pid, mark));
}

/** Lists all processes. Only on Linux; elsewhere, the list is empty. */
function listProcesses(): Listed[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name): Listed[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // After the name in parentheses: the state, the parent, the group.
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(name), group: Number(group), zombie: state === 'Z' || state === 'X' }];
    } catch {
      return [];
    }
  });
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${MARK}=${mark}\0`);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // EPERM: a member of the group has another user. It exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
