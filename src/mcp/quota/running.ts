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
  readonly #owners = new LRUCache<string, Tasks>({ max: MOST_OWNERS });
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
    return exceeded;
  }

  started(owner: string, taskId: string): void {
    this.#of(owner).started.set(taskId, Date.now());
  }

  ended(owner: string, taskId: string): void {
    this.#owners.get(owner)?.started.delete(taskId);
  }

  close(): void {
    this.#closed = true;
  }

  #exceeded(tasks: Tasks, bound: Bound): Exceeded | undefined {
    if (sizeOf(tasks) >= bound.owner) return { scope: 'owner', allowed: bound.owner };
    if (bound.process === Infinity) return undefined;
    let all = 0;
    for (const one of this.#owners.values()) all += sizeOf(one);
    return all >= bound.process ? { scope: 'process', allowed: bound.process } : undefined;
  }

  #of(owner: string): Tasks {
    const tasks = this.#owners.get(owner) ?? { counted: 0, at: 0, started: new Map<string, number>() };
    this.#owners.set(owner, tasks);
    return tasks;
  }

  #countSoon(owner: string): void {
    this.#due.add(owner);
    if (!this.#counting) void this.#countNext();
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
    const tasks = this.#of(owner);
    tasks.at = Date.now();
    try {
      tasks.counted = await this.options.count(owner, before);
      for (const [id, at] of tasks.started) if (at < before) tasks.started.delete(id);
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
