/**
 * Tracks which streams a session has open at this server process (stdio has a permanent one, an HTTP GET opens one),
 * and which tasks to report on them: those that the session created or asked about at this process.
 * @module
 */
import { LRUCache } from 'lru-cache';
import type { Task } from '../../task/task.js';
import type { Followers } from './followers.js';
import type { Owner } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { Stream } from '../../protocol/stream.js';

/** How many sessions' tasks are remembered, and for how long after a task was last shown, in milliseconds. */
const SESSIONS = { max: 10_000, ttl: 60 * 60_000 };
/** How many tasks are followed at a time for each stream of a session. Each costs a long poll. */
const TASKS = 100;

interface Interest {
  readonly version: ProtocolVersion;
  readonly owner: Owner;
  /** The task as the client first saw it at this process. */
  readonly known: Task;
}

/** For each task ID, the function that stops following the task on an open stream. */
type Leave = Map<string, () => void>;

export class SessionStreams {
  readonly #tasks = new LRUCache<string, LRUCache<string, Interest>>(SESSIONS);
  readonly #streams = new Map<string, Map<Stream, Leave>>();

  constructor(private readonly followers: Followers) {}

  /** Follows the tasks of `session` on `stream` until the returned function is called. */
  open(session: string, stream: Stream): () => void {
    const streams = this.#streams.get(session) ?? new Map<Stream, Leave>();
    this.#streams.set(session, streams);
    const leave: Leave = new Map();
    streams.set(stream, leave);
    for (const interest of this.#tasks.get(session)?.values() ?? []) this.#follow(session, stream, leave, interest);
    return () => {
      streams.delete(stream);
      if (streams.size === 0) this.#streams.delete(session);
      for (const stop of leave.values()) stop();
    };
  }

  /**
   * Records that the client of `session` has seen this task, and follows the task on the session's open streams. Does
   * nothing in a version without unsolicited messages.
   */
  shown(version: ProtocolVersion, session: string | undefined, owner: Owner, known: Task): void {
    if (!version.unsolicited || session === undefined) return;
    if (known.caller?.session === session) this.followers.shown({ version, owner }, known);
    if (known.outcome) return;
    const tasks = this.#tasks.get(session) ?? new LRUCache<string, Interest>({ max: TASKS });
    this.#tasks.set(session, tasks);
    const interest = tasks.get(known.id) ?? { version, owner, known };
    tasks.set(known.id, interest);
    for (const [stream, leave] of this.#streams.get(session) ?? []) this.#follow(session, stream, leave, interest);
  }

  #follow(session: string, stream: Stream, leave: Leave, { version, owner, known }: Interest): void {
    const taskId = known.id;
    if (leave.size >= TASKS || leave.has(taskId)) return;
    const following = this.followers.follow({ version, owner, taskId, stream }, { known });
    leave.set(taskId, following.leave);
    const told = following.ended.then(
      () => true,
      () => false,
    );
    void told.then((toItsEnd) => {
      leave.delete(taskId);
      following.leave();
      // A task that was left before its end stays remembered: the session's next stream follows it again.
      return toItsEnd && this.#tasks.get(session)?.delete(taskId);
    });
  }
}
