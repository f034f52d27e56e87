/** Remembers tasks that this process has just started, so that following them needs no read at first. @module */
import { LRUCache } from 'lru-cache';
import type { Task } from '../../task/task.js';

/** How many tasks are remembered, and for how long, in milliseconds: most clients wait for the result at once. */
const MEMORY = { max: 2_000, ttl: 60_000 };

/** A task that has not ended, and its workflow run at that time. */
export interface StartedTask {
  readonly task: Task;
  readonly runId: string;
}

export class StartedTasks {
  /** By task ID. */
  readonly #started = new LRUCache<string, StartedTask>(MEMORY);

  add(started: StartedTask): void {
    this.#started.set(started.task.id, started);
  }

  get(id: string): StartedTask | undefined {
    return this.#started.get(id);
  }

  /** Forgets a task that has changed. */
  delete(id: string): void {
    this.#started.delete(id);
  }
}
