/**
 * Lets any number of followers watch tasks, with one watcher per task and process: what the history long poll and the
 * reads of a task cost does not depend on how many follow it.
 * @module
 */
import type { Task } from '../../task/task.js';
import type { TaskReader } from '../read/read.js';
import type { Calls } from '../rpc/calls.js';
import type { StartedTasks } from '../start/started-tasks.js';
import type { Logger } from '../../local/log.js';
import { Clock } from '../../local/clock.js';
import { ClosedSince } from './closed-since.js';
import { Follower, type FollowOptions } from './follower.js';
import { LOOK } from './pace.js';
import { PollBudget } from './poll-budget.js';
import { ReadQueue } from './read-queue.js';
import { Watcher, type Shared } from './watcher.js';

/** Who watches which task. */
export interface Watched {
  /** The task's owner. The caller must have checked that the task belongs to them. */
  readonly owner: string;
  readonly id: string;
  /** Ends the watch, which then throws the signal's reason. */
  readonly signal: AbortSignal | undefined;
}

export interface WatchersOptions {
  /** The maximum number of concurrent long polls. */
  readonly maxLongPolls: number;
  readonly logger?: Logger | undefined;
}

export class Watchers {
  /** By task ID. */
  readonly #watchers = new Map<string, Watcher>();
  /** By owner. */
  readonly #followed = new Map<string, number>();
  readonly #shared: Shared;

  constructor(calls: Calls, reader: TaskReader, started: StartedTasks, { maxLongPolls, logger }: WatchersOptions) {
    this.#shared = {
      calls,
      reader,
      budget: new PollBudget(maxLongPolls),
      closed: new ClosedSince(calls, logger),
      queue: new ReadQueue(),
      clock: new Clock(LOOK),
      started,
      followed: (owner) => this.#followed.get(owner) ?? 0,
    };
    const { closing } = calls;
    // One listener for all followers, because each call to Temporal searches the list of listeners.
    closing.addEventListener('abort', () => this.#close(closing.reason), { once: true });
  }

  /**
   * Yields the task as it is now and again each time it changes. The last view is the one with an outcome. A slow
   * consumer gets only the newest view. A Temporal outage only delays the next view.
   * @throws McpTasksError `TASK_NOT_FOUND`, `PAYLOAD_UNREADABLE`, `TEMPORAL_REFUSED` (the watch does not wait until
   * someone grants the missing permission; call again once it is granted), `CONFIGURATION` if a codec server refuses;
   * with `impatient` also `TEMPORAL_UNAVAILABLE` and `CODEC_FAILED`; the reason of the signal, or of the calls' closing
   */
  async *watch({ owner, id, signal }: Watched, options: FollowOptions): AsyncGenerator<Task, void> {
    const follower = new Follower(options);
    const leave = (): void => this.#watchers.get(id)?.remove(follower);
    const aborted = (): void => {
      leave();
      follower.abort(signal?.reason);
    };
    // Also if nobody fetches the next view.
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      signal?.throwIfAborted();
      this.#shared.calls.closing.throwIfAborted();
      this.#watcher(owner, id).add(follower);
      for (;;) {
        const task = await follower.next();
        yield task;
        if (task.outcome) return;
      }
    } finally {
      signal?.removeEventListener('abort', aborted);
      leave();
    }
  }

  /** Reads a task for its followers, because it may have ended. */
  look(id: string): void {
    this.#watchers.get(id)?.look();
  }

  #close(reason: unknown): void {
    for (const watcher of this.#watchers.values()) watcher.fail(reason);
  }

  #watcher(owner: string, id: string): Watcher {
    const known = this.#watchers.get(id);
    if (known) return known;
    const watcher = new Watcher(this.#shared, owner, id, () => {
      this.#watchers.delete(id);
      this.#count(owner, -1);
    });
    this.#watchers.set(id, watcher);
    this.#count(owner, 1);
    return watcher;
  }

  #count(owner: string, more: number): void {
    const followed = (this.#followed.get(owner) ?? 0) + more;
    if (followed > 0) this.#followed.set(owner, followed);
    else this.#followed.delete(owner);
  }
}
