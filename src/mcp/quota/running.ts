/**
 * Counts the running tasks of each owner. Temporal counts those that started a while ago, in the background; this
 * process knows its own newer ones. So a start never waits for a count, and while Temporal cannot count, the last count
 * applies.
 * @module
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from '../../local/log.js';
import { origin } from '../../task/errors.js';
import type { Bound } from './limits.js';
import type { Exceeded } from './shares.js';

/** How many owners are remembered. */
const MOST_OWNERS = 10_000;
/** How long Temporal's visibility store may lag behind, in milliseconds. Newer tasks are counted here. */
const LAG = 10_000;
/** How old a count may become before it is renewed at the owner's next start, in milliseconds; less at the limit. */
const FRESH = { usually: 30_000, atTheLimit: 2_000 } as const;
/** How many other owners are counted again at a time while the limit for the process is reached. */
const MOST_RECOUNTED = 20;
/** The pause between two counts, in milliseconds: clusters allow ten visibility calls a second. */
const PAUSE = 500;

interface Tasks {
  /** How many tasks Temporal counted. */
  counted: number;
  /** When they were last counted, in milliseconds since 1970. */
  at: number;
  /** The tasks that Temporal's count does not include, with the time of their start. */
  readonly started: Map<string, number>;
}

export interface RunningOptions {
  /** Counts the owner's running tasks that started before a time, in milliseconds since 1970. */
  readonly count: (owner: string, before: number) => Promise<number>;
  readonly logger: Logger;
}

export class RunningTasks {
  readonly #owners = new LRUCache<string, Tasks>({
    max: MOST_OWNERS,
    dispose: (tasks) => (this.#total -= sizeOf(tasks)),
  });
  /** The running tasks of all remembered owners, kept here so that a start need not add them up. */
  #total = 0;
  readonly #due = new Set<string>();
  #counting = false;
  #closed = false;
  #failed = false;

  constructor(private readonly options: RunningOptions) {}

  /** When to try again after a refusal, in milliseconds. */
  readonly retryAfterMs = FRESH.atTheLimit;

  /** Returns the limit that one more task would exceed. */
  exceeded(owner: string, bound: Bound): Exceeded | undefined {
    if (bound.owner === Infinity && bound.process === Infinity) return undefined;
    const tasks = this.#of(owner);
    const exceeded = this.#exceeded(tasks, bound);
    if (Date.now() - tasks.at >= (exceeded ? FRESH.atTheLimit : FRESH.usually)) this.#countSoon(owner);
    if (exceeded?.scope === 'process') this.#countOthersSoon();
    return exceeded;
  }

  started(owner: string, taskId: string): void {
    this.#change(owner, this.#of(owner), ({ started }) => started.set(taskId, Date.now()));
  }

  ended(owner: string, taskId: string): void {
    const tasks = this.#owners.get(owner);
    if (tasks) this.#change(owner, tasks, ({ started }) => started.delete(taskId));
  }

  close(): void {
    this.#closed = true;
  }

  #exceeded(tasks: Tasks, bound: Bound): Exceeded | undefined {
    if (sizeOf(tasks) >= bound.owner) return { scope: 'owner', allowed: bound.owner };
    return this.#total >= bound.process ? { scope: 'process', allowed: bound.process } : undefined;
  }

  #of(owner: string): Tasks {
    const known = this.#owners.get(owner);
    if (known) return known;
    const tasks = { counted: 0, at: 0, started: new Map<string, number>() };
    this.#owners.set(owner, tasks);
    return tasks;
  }

  /** Changes an owner's tasks, and the total with them, unless the owner has been forgotten meanwhile. */
  #change(owner: string, tasks: Tasks, change: (tasks: Tasks) => void): void {
    const before = sizeOf(tasks);
    change(tasks);
    if (this.#owners.peek(owner) === tasks) this.#total += sizeOf(tasks) - before;
  }

  #countSoon(owner: string): void {
    this.#due.add(owner);
    if (!this.#counting) void this.#countNext();
  }

  /** Renews the old counts of other owners, the largest first: their tasks may have ended, and they may never return. */
  #countOthersSoon(): void {
    if (this.#due.size > 1) return;
    const old = [...this.#owners.entries()].filter(
      ([, tasks]) => sizeOf(tasks) > 0 && Date.now() - tasks.at >= FRESH.usually,
    );
    const largest = old.sort(([, one], [, other]) => sizeOf(other) - sizeOf(one)).slice(0, MOST_RECOUNTED);
    for (const [owner] of largest) this.#countSoon(owner);
  }

  /** Counts one owner's tasks after another. */
  async #countNext(): Promise<void> {
    const [owner] = this.#due;
    this.#counting = owner !== undefined && !this.#closed;
    if (owner === undefined || this.#closed) return;
    this.#due.delete(owner);
    await this.#count(owner);
    setTimeout(() => void this.#countNext(), PAUSE).unref();
  }

  async #count(owner: string): Promise<void> {
    const before = Date.now() - LAG;
    // Not a use: an owner who is only counted again is forgotten as before.
    const tasks = this.#owners.peek(owner);
    if (!tasks) return;
    tasks.at = Date.now();
    try {
      const counted = await this.options.count(owner, before);
      this.#change(owner, tasks, () => {
        tasks.counted = counted;
        for (const [id, at] of tasks.started) if (at < before) tasks.started.delete(id);
      });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed && !this.#closed)
        this.options.logger.warn(
          { reason: error instanceof Error ? origin(error).message : error },
          'could not count running tasks; the last count applies',
        );
      this.#failed = true;
    }
  }
}

function sizeOf({ counted, started }: Tasks): number {
  return counted + started.size;
}
