/** Counts what callers use now, and refuses what is beyond a limit. One object for each server process. @module */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { LimitExceeded } from '../../protocol/errors.js';
import type { Owner, RequestContext } from '../../protocol/request.js';
import type { Task } from '../../task/task.js';
import type { Bound, Limits } from './limits.js';
import { Rate } from './rate.js';
import { limitExceeded, type Reached } from './refusal.js';
import { RunningTasks, type RunningOptions } from './running.js';
import { SharedCount } from './shares.js';
import type { SharedLimit } from './table.js';

/** How long to wait for something that other requests hold open, in milliseconds. */
const A_MOMENT = 1_000;
/** How many reads of a task may arrive at once, in poll intervals. */
const POLL_BURST = 10;
/** How many idempotency keys are remembered. */
const MOST_KEYS = 10_000;
/** The key of a rate that all callers share. */
const ALL = '';

type Requester = Pick<RequestContext, 'owner' | 'limited'>;

/** What a request may hold open. */
export type Held = 'streams' | 'subscriptions' | 'waitingRequests';

export interface QuotaOptions extends RunningOptions {
  readonly limits: Limits;
  /** In milliseconds. */
  readonly pollInterval: number;
}

/** The permission to start a task. */
export interface StartPermit {
  /**
   * Call this with the task.
   * @param isRepeat whether the task belongs to an earlier call; then this call does not count
   */
  started(task: Pick<Task, 'id'>, isRepeat: boolean): void;
}

/** The body of a request that is being served. */
export interface PendingBody {
  /** Counts bytes of it. @throws LimitExceeded if the other bodies have reached a limit */
  add(bytes: number): void;
  /** The response has ended. */
  release(): void;
}

export class Quota {
  readonly limits: Limits;
  readonly #pollInterval: number;
  readonly #running: RunningTasks;
  readonly #starts = new Rate();
  readonly #reads = new Rate();
  readonly #polls = new Rate();
  readonly #held: Readonly<Record<Held, SharedCount>> = {
    streams: new SharedCount(),
    subscriptions: new SharedCount(),
    waitingRequests: new SharedCount(),
  };
  readonly #unanswered = new SharedCount();
  readonly #unread = new SharedCount();
  readonly #keys = new LRUCache<string, true>({ max: MOST_KEYS });
  /** Whether a caller with a token has been seen. Until then, all others may use everything that the process allows. */
  #sawTokens = false;

  constructor({ limits, pollInterval, ...running }: QuotaOptions) {
    this.limits = limits;
    this.#pollInterval = pollInterval;
    this.#running = new RunningTasks(running);
  }

  /**
   * Lets a call start a task.
   * @param key identifies repeats of the call, which count as reads
   * @throws LimitExceeded
   */
  start(requester: Requester, key: string | undefined): StartPermit {
    const { owner } = requester;
    const name = key === undefined ? undefined : digest(owner.id, key);
    if (name !== undefined && this.#keys.has(name)) {
      // It starts nothing, but Temporal has to find its task.
      this.read(requester);
      return { started: () => undefined };
    }
    const running = this.#running.exceeded(owner.id, this.bound('runningTasks', owner));
    if (running)
      throw refused(requester, { ...running, limit: 'runningTasks', retryAfterMs: this.#running.retryAfterMs });
    const giveBack = this.#take(requester, 'startsPerMinute', this.#starts, 60);
    return {
      started: ({ id }, isRepeat) => {
        if (name !== undefined) this.#keys.set(name, true);
        if (isRepeat) return giveBack();
        if (this.bound('runningTasks', owner).process !== Infinity) this.#running.started(owner.id, id);
      },
    };
  }

  /** Records that the task has ended. */
  ended(owner: string, { id, outcome }: Task): void {
    if (outcome) this.#running.ended(owner, id);
  }

  /**
   * Lets a request ask about tasks.
   * @param taskId the task that the request polls, if it does
   * @throws LimitExceeded
   */
  read(requester: Requester, taskId?: string): void {
    const giveBack = this.#take(requester, 'readsPerSecond', this.#reads, 1);
    const { readsPerPoll } = this.limits;
    if (taskId === undefined || readsPerPoll === Infinity) return;
    const rate = { perSecond: (readsPerPoll * 1_000) / this.#pollInterval, burst: readsPerPoll * POLL_BURST };
    const name = digest(requester.owner.id, taskId);
    const now = performance.now();
    const retryAfterMs = this.#polls.wait(name, rate, now);
    if (retryAfterMs > 0) {
      giveBack();
      throw refused(requester, { limit: 'readsPerPoll', allowed: readsPerPoll, scope: 'task', retryAfterMs });
    }
    this.#polls.take(name, rate, now);
  }

  /**
   * Lets a request hold something open.
   * @returns the function to call when it has ended
   * @throws LimitExceeded
   */
  hold(requester: Requester, limit: Held): () => void {
    const { owner } = requester;
    const held = this.#held[limit];
    const exceeded = held.take(owner.id, this.bound(limit, owner));
    if (exceeded) throw refused(requester, { ...exceeded, limit, retryAfterMs: A_MOMENT });
    return once(() => held.give(owner.id));
  }

  /** Counts the body of a request as it arrives. */
  receive({ owner }: Pick<Requester, 'owner'>): PendingBody {
    const all = this.#unanswered;
    let mine = 0;
    return {
      add: (bytes) => {
        // As if this body were not there: so one that is larger than the limit can be served, alone.
        all.give(owner.id, mine);
        const exceeded = all.exceeded(owner.id, this.bound('unansweredBytes', owner));
        if (!exceeded) mine += bytes;
        all.add(owner.id, mine);
        if (exceeded) throw limitExceeded({ ...exceeded, owner, limit: 'unansweredBytes', retryAfterMs: A_MOMENT });
      },
      release: once(() => all.give(owner.id, mine)),
    };
  }

  /**
   * Counts bytes that the owner has not read yet.
   * @param force whether to count them even if a limit has been reached
   * @returns the error if a limit has been reached and they were not counted
   */
  unread(requester: Pick<Requester, 'owner'>, bytes: number, force = false): LimitExceeded | undefined {
    const exceeded = force ? undefined : this.unreadReached(requester);
    if (!exceeded) this.#unread.add(requester.owner.id, bytes);
    return exceeded;
  }

  /** Returns the error if the owner must read some responses before it sends another request. */
  unreadReached({ owner }: Pick<Requester, 'owner'>): LimitExceeded | undefined {
    const exceeded = this.#unread.exceeded(owner.id, this.bound('unreadBytes', owner));
    return exceeded && limitExceeded({ ...exceeded, owner, limit: 'unreadBytes', retryAfterMs: A_MOMENT });
  }

  /** Uncounts bytes that have been read, or that nobody will read any more. */
  wasRead({ owner }: Pick<Requester, 'owner'>, bytes: number): void {
    this.#unread.give(owner.id, bytes);
  }

  /** Returns the limits for an owner. If only the one for the process can be reached, the other one is `Infinity`. */
  bound(limit: SharedLimit, { authenticated }: Owner): Bound {
    const { owner, process } = this.limits[limit];
    this.#sawTokens ||= authenticated;
    return { owner: this.#sawTokens && owner < process ? owner : Infinity, process };
  }

  close(): void {
    this.#running.close();
  }

  /**
   * Takes a token of the owner and one of the process.
   * @param period the limit's period, in seconds
   */
  #take(requester: Requester, limit: 'startsPerMinute' | 'readsPerSecond', rate: Rate, period: number): () => void {
    const { owner } = requester;
    const bound = this.bound(limit, owner);
    const now = performance.now();
    const scopes = (['owner', 'process'] as const)
      .filter((scope) => bound[scope] !== Infinity)
      .map((scope) => ({
        scope,
        key: scope === 'owner' ? digest(owner.id) : ALL,
        allowed: bound[scope],
        options: { perSecond: bound[scope] / period, burst: bound[scope] },
      }));
    for (const { scope, key, allowed, options } of scopes) {
      const retryAfterMs = rate.wait(key, options, now);
      if (retryAfterMs > 0) throw refused(requester, { limit, allowed, scope, retryAfterMs });
    }
    for (const { key, options } of scopes) rate.take(key, options, now);
    return () => {
      for (const { key, options } of scopes) rate.giveBack(key, options);
    };
  }
}

function refused({ owner, limited }: Requester, reached: Omit<Reached, 'owner'>): LimitExceeded {
  const error = limitExceeded({ ...reached, owner });
  limited?.(error);
  return error;
}

/** Returns a short name, whatever the length of the parts. */
function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
