/**
 * Remembers the tasks of sessions, within a number of bytes for each owner and for all of them. Forgetting one loses
 * nothing: the task itself is in Temporal, and is remembered again when its client asks about it.
 * @module
 */
import { LRUCache } from 'lru-cache';
import type { Bound } from '../quota/limits.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { Status } from '../../protocol/task.js';

/** How long a session's tasks are remembered after one was last shown, in milliseconds. */
const TTL = 60 * 60_000;
/** How many tasks are remembered for each session. */
const TASKS = 100;
/** The size of an entry besides its texts, in bytes. */
const ENTRY = 200;

export interface Remembered {
  readonly version: ProtocolVersion;
  /** The task's status when the client first saw it at this process. */
  readonly status: Status;
}

type Tasks = LRUCache<string, Remembered>;
type Sessions = LRUCache<string, Tasks>;

export class SessionMemory {
  readonly #owners: LRUCache<string, Sessions>;
  readonly #perOwner: number;

  constructor({ owner, process }: Bound) {
    this.#perOwner = Math.min(owner, Number.MAX_SAFE_INTEGER);
    this.#owners = new LRUCache<string, Sessions>({
      maxSize: Math.min(process, Number.MAX_SAFE_INTEGER),
      sizeCalculation: sizeOf,
    });
  }

  /** How many bytes are remembered. */
  get bytes(): number {
    return this.#owners.calculatedSize;
  }

  tasks(owner: string, session: string): Iterable<readonly [taskId: string, remembered: Remembered]> {
    return this.#owners.get(owner)?.get(session)?.entries() ?? [];
  }

  /** Remembers a task, unless it is known. Returns what is remembered. */
  add(owner: string, session: string, taskId: string, task: Remembered): Remembered {
    const sessions = this.#owners.get(owner) ?? this.#newSessions();
    const tasks = sessions.get(session) ?? this.#newTasks();
    const known = tasks.get(taskId) ?? task;
    tasks.set(taskId, known);
    this.#measure(owner, sessions, session, tasks);
    return known;
  }

  delete(owner: string, session: string, taskId: string): void {
    const sessions = this.#owners.get(owner);
    const tasks = sessions?.get(session);
    if (sessions && tasks?.delete(taskId)) this.#measure(owner, sessions, session, tasks);
  }

  /** The cache measures an entry only when it is new. */
  #measure(owner: string, sessions: Sessions, session: string, tasks: Tasks): void {
    sessions.delete(session);
    if (tasks.size > 0) sessions.set(session, tasks);
    this.#owners.delete(owner);
    if (sessions.size > 0) this.#owners.set(owner, sessions);
  }

  #newSessions(): Sessions {
    return new LRUCache<string, Tasks>({ maxSize: this.#perOwner, sizeCalculation: sizeOf, ttl: TTL });
  }

  #newTasks(): Tasks {
    return new LRUCache({
      max: TASKS,
      maxSize: this.#perOwner,
      sizeCalculation: (_, id) => ENTRY + 2 * id.length,
    });
  }
}

function sizeOf({ calculatedSize }: { readonly calculatedSize: number }, name: string): number {
  return ENTRY + 2 * name.length + calculatedSize;
}
