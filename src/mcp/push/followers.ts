/**
 * Sends clients unsolicited messages about their tasks, in the protocol versions that have them: status, progress and
 * questions, each on one stream. A task is followed for as long as a stream can carry its messages.
 * @module
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../local/log.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { Keyring } from '../../task/keyring.js';
import { currentProgress, mayAsk, type EndedTask, type Task } from '../../task/task.js';
import type { TaskEngine } from '../../temporal/namespaces.js';
import { unlessAborted } from '../../temporal/rpc/signals.js';
import { PROGRESS_CLAIM } from '../../task/names.js';
import { Claims, type ClaimUse } from './claims.js';
import type { Owner } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { News, type NewsOptions } from './news.js';
import { Questions, type Carrier } from './questions.js';
import { Refusals } from './refusals.js';
import type { Stream } from '../../protocol/stream.js';
import type { Status } from '../../protocol/task.js';

/** The number of tasks whose progress is remembered while they are not followed. */
const MOST_TOLD = 10_000;
/** How long the end of a task is remembered, in milliseconds: longer than any read of a task takes. */
const LATE = 60_000;

export interface FollowersOptions {
  readonly engine: TaskEngine;
  readonly keys: Keyring;
  readonly logger: Logger;
  readonly pollInterval: number;
}

interface FollowerOptions extends FollowersOptions {
  readonly claims: Claims;
  readonly refusals: Refusals;
}

/** A task to follow on a stream. */
export interface Followed {
  /** The version of the stream's client. */
  readonly version: ProtocolVersion;
  readonly owner: Owner;
  readonly taskId: string;
  readonly stream: Stream;
}

export interface FollowOptions {
  /** The status in which the client last saw the task. Only later changes are sent. @default the task's status now */
  readonly known?: Status;
  /**
   * Whether the client only sees a plain call and does not know of the task. It then gets the task's questions, but no
   * status, and progress only by `tell`.
   * @default false
   */
  readonly plain?: boolean;
  /** Called with the task whenever it changes, its progress included. */
  readonly tell?: (task: Task) => Promise<void>;
}

export interface Following {
  /** Resolves with the task after it has ended and the final messages have been sent. */
  readonly ended: Promise<EndedTask>;
  /**
   * Stops following the task on this stream.
   * @param options.asked whether the client may still answer its open questions after the stream ends. Default: false
   */
  leave(options?: { readonly asked: boolean }): void;
}

export class Followers {
  readonly #followers = new Map<string, Follower>();
  /** The answers that existing workflows refused. */
  readonly refusals = new Refusals();
  /** The progress that clients have seen of tasks that were not followed yet. */
  readonly #told = new LRUCache<string, number>({ max: MOST_TOLD });
  /** The tasks whose end clients have seen. A read that began earlier may still say that the task is running. */
  readonly #over = new LRUCache<string, true>({ max: MOST_TOLD, ttl: LATE });
  readonly #options: FollowerOptions;

  constructor(options: FollowersOptions) {
    this.#options = { ...options, claims: new Claims(options.engine, options.logger), refusals: this.refusals };
  }

  /**
   * Records that the client has seen the task. Progress that the task makes from now on is sent once a stream can carry
   * it; none is sent after the client has seen the task's end.
   */
  shown({ version, owner }: Omit<Followed, 'stream' | 'taskId'>, task: Task): void {
    const key = keyOf({ version, owner, taskId: task.id });
    if (task.outcome) this.#end(key);
    else if (!this.#over.has(key) && !this.#told.has(key) && !this.#followers.has(key))
      this.#told.set(key, currentProgress(task)?.progress ?? -Infinity);
  }

  /** Whether the client has just seen the task's end, so that a view of it as running is out of date. */
  isOver(followed: Omit<Followed, 'stream'>): boolean {
    return this.#over.has(keyOf(followed));
  }

  /** Sends messages about the owner's task on the stream, until `leave` is called or the task ends. */
  follow(followed: Followed, { known, plain = false, tell }: FollowOptions = {}): Following {
    const key = keyOf(followed);
    let follower = this.#followers.get(key);
    if (!follower) {
      const mine = new Follower(this.#options, followed, { known, told: this.#told.get(key) }, () => {
        if (this.#followers.get(key) === mine) this.#followers.delete(key);
      });
      // From now on, another process may send progress.
      this.#told.delete(key);
      follower = mine;
      this.#followers.set(key, follower);
      follower.ended.then(
        () => this.#end(key),
        () => undefined,
      );
    }
    const { ended } = follower;
    const carrier = follower.add({ stream: followed.stream, plain, ...(tell ? { tell } : {}) });
    return { ended, leave: ({ asked } = { asked: false }) => follower.remove(carrier, asked) };
  }

  #end(key: string): void {
    this.#told.delete(key);
    this.#over.set(key, true);
  }

  /**
   * Asks a question again whose answer was refused, if this process had asked it.
   * @param problem what was wrong with the answer
   */
  async askAgain(owner: Owner, taskId: string, key: string, problem: string): Promise<void> {
    const asking = [...this.#followers.values()].filter((follower) => follower.isOf(owner, taskId));
    const asked = await Promise.all(asking.map(async (follower) => await follower.askAgain(key, problem)));
    if (!asked.includes(true)) this.refusals.add(taskId, key, undefined, problem);
  }

  /** Lets other processes ask and report at once. Call it after the last stream has ended, before the engine closes. */
  async close(): Promise<void> {
    await this.#options.claims.close();
  }

  /**
   * Follows a task until it ends.
   * @throws McpTasksError `TASK_NOT_FOUND`; the signal's reason
   */
  async ended(followed: Followed, signal: AbortSignal): Promise<EndedTask> {
    const { ended, leave } = this.follow(followed);
    try {
      return await unlessAborted(ended, signal);
    } finally {
      leave();
    }
  }
}

/** Whether the stream's client may be asked something, or gets news outside any request. */
function needsNews({ kind, answers }: Stream): boolean {
  return kind === 'session' || answers?.length !== 0;
}

/** Keyed by owner as well as task: anyone but the task's owner gets a follower of their own, which finds no task. */
function keyOf({ version, owner, taskId }: Omit<Followed, 'stream'>): string {
  return `${version.name}\0${owner.id}\0${taskId}`;
}

class Follower {
  /** Oldest first. */
  readonly #carriers: Carrier[] = [];
  readonly #stop = new AbortController();
  /** Not set in a version without unsolicited messages, as are the questions. */
  readonly #news: News | undefined;
  readonly #questions: Questions | undefined;
  readonly ended: Promise<EndedTask>;
  #task: Task | undefined;
  /** The last send in the queue: messages go out one after another. */
  #turn: Promise<void> = Promise.resolve();

  readonly #owner: Owner;
  readonly #taskId: string;

  constructor(
    private readonly options: FollowerOptions,
    { version, owner, taskId }: Omit<Followed, 'stream'>,
    { known, told }: Pick<NewsOptions, 'known' | 'told'>,
    private readonly gone: () => void,
  ) {
    const { keys, claims, refusals, pollInterval } = options;
    this.#owner = owner;
    this.#taskId = taskId;
    const claimOn = (key: string): ClaimUse => claims.use(owner.id, taskId, key);
    const { tasks, unsolicited } = version;
    if (unsolicited) {
      const progressClaim = claimOn(PROGRESS_CLAIM);
      this.#news = new News({ status: tasks.status, unsolicited, pollInterval, progressClaim, known, told });
      this.#questions = new Questions({ keys, unsolicited, claimOn, refusals, look: () => this.#tell() });
    }
    // Deferred until the follower is registered.
    this.ended = Promise.resolve().then(() => this.#run());
    // Prevents an unhandled rejection when nobody awaits `ended`.
    this.ended.catch(() => undefined);
  }

  isOf(owner: Owner, taskId: string): boolean {
    return this.#owner.id === owner.id && this.#taskId === taskId;
  }

  add(carrier: Carrier): Carrier {
    this.#carriers.push(carrier);
    this.#tell();
    return carrier;
  }

  remove(carrier: Carrier, asked: boolean): void {
    const index = this.#carriers.indexOf(carrier);
    if (index < 0) return;
    this.#carriers.splice(index, 1);
    if (asked) this.#questions?.leave(carrier);
    else this.#questions?.takeBack(carrier);
    if (this.#carriers.length > 0) this.#tell();
    else this.#end();
  }

  /**
   * Returns whether this follower had asked it. Reads the task again first: the workflow may have accepted the refused
   * answer and now ask a different question.
   */
  async askAgain(key: string, problem: string): Promise<boolean> {
    this.#task = await this.options.engine.get(this.#owner.id, this.#taskId).catch(() => this.#task);
    return this.#questions?.again({ taskId: this.#taskId, key }, problem) === true;
  }

  #end(): void {
    this.gone();
    this.#stop.abort();
    this.#news?.close();
    this.#questions?.close();
  }

  async #run(): Promise<EndedTask> {
    const { signal } = this.#stop;
    try {
      const wantsProgress = ({ caller }: Task): boolean =>
        caller?.progressToken !== undefined || this.#carriers.some(({ tell }) => tell);
      for await (const task of this.options.engine.watch(this.#owner.id, this.#taskId, signal, {
        progress: wantsProgress,
        news: mayAsk,
        closely: (one) => wantsProgress(one) || this.#carriers.some(({ stream }) => needsNews(stream)),
      })) {
        this.#task = task;
        this.#tell();
        if (!task.outcome) continue;
        await this.#turn;
        return { ...task, outcome: task.outcome };
      }
      throw new Error('a watch ends with an outcome');
    } finally {
      this.#end();
    }
  }

  #tell(): void {
    this.#turn = this.#turn
      .then(async () => await this.#tellNow())
      .catch((error: unknown) => {
        // An McpTasksError is expected here: the task has expired, or the server is closing.
        if (!isMcpTasksError(error))
          this.options.logger.error({ taskId: this.#taskId, err: error }, 'failed to notify a client about its task');
      });
  }

  async #tellNow(): Promise<void> {
    if (!this.#task) return;
    for (const { tell } of this.#carriers) await tell?.(this.#task);
    await this.#news?.tell(
      this.#task,
      this.#carriers.filter(({ plain }) => !plain),
    );
    await this.#questions?.put(this.#task, this.#carriers);
  }
}
