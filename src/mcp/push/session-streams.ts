/**
 * Tracks which streams a session has open at this server process (stdio has a permanent one, an HTTP GET opens one),
 * and which tasks to report on them: those that the session created or asked about at this process.
 * @module
 */
import type { Task } from '../../task/task.js';
import type { Bound } from '../quota/limits.js';
import type { Followers } from './followers.js';
import { SessionMemory, type Remembered } from './session-memory.js';
import type { Owner } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { Stream } from '../../protocol/stream.js';

/** How many tasks are followed at a time for each stream of a session. Each costs a long poll. */
const TASKS = 100;

interface OpenStream {
  readonly session: string;
  readonly stream: Stream;
  /** For each task ID, the function that stops following the task. */
  readonly leave: Map<string, () => void>;
}

export class SessionStreams {
  readonly #memory: SessionMemory;
  readonly #streams = new Map<string, Set<OpenStream>>();

  /** @param limit the maximum number of bytes to remember */
  constructor(
    private readonly followers: Followers,
    limit: Bound,
  ) {
    this.#memory = new SessionMemory(limit);
  }

  /** How many bytes are remembered about the tasks of sessions. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /**
   * Follows the tasks of `session` on `stream` until the returned function is called.
   * @param owner the session's owner; `undefined` if it is not known yet, and has no tasks
   */
  open(session: string, stream: Stream, owner: Owner | undefined): () => void {
    const streams = this.#streams.get(session) ?? new Set<OpenStream>();
    this.#streams.set(session, streams);
    const opened: OpenStream = { session, stream, leave: new Map() };
    streams.add(opened);
    if (owner)
      for (const [taskId, task] of this.#memory.tasks(owner.id, session)) this.#follow(opened, owner, taskId, task);
    return () => {
      streams.delete(opened);
      if (streams.size === 0) this.#streams.delete(session);
      for (const stop of opened.leave.values()) stop();
    };
  }

  /**
   * Records that the client of `session` has seen this task, and follows the task on the session's open streams. Does
   * nothing in a version without unsolicited messages.
   */
  shown(version: ProtocolVersion, session: string | undefined, owner: Owner, known: Task): void {
    if (!version.unsolicited || session === undefined) return;
    if (known.caller?.session === session) this.followers.shown({ version, owner }, known);
    if (known.outcome || this.followers.isOver({ version, owner, taskId: known.id })) return;
    const task = this.#memory.add(owner.id, session, known.id, { version, status: version.tasks.status(known) });
    for (const open of this.#streams.get(session) ?? []) this.#follow(open, owner, known.id, task);
  }

  #follow({ session, stream, leave }: OpenStream, owner: Owner, taskId: string, { version, status }: Remembered): void {
    if (leave.size >= TASKS || leave.has(taskId)) return;
    const following = this.followers.follow({ version, owner, taskId, stream }, { known: status });
    leave.set(taskId, following.leave);
    const forget = (): void => {
      leave.delete(taskId);
      following.leave();
    };
    // A task that was left before its end stays remembered: the session's next stream follows it again.
    following.ended
      .then(() => this.#memory.delete(owner.id, session, taskId))
      .catch(() => undefined)
      .finally(forget);
  }
}
