/** Remembers tasks that this process has started: as long as nobody asks, it knows what they look like. @module */
import { LRUCache } from 'lru-cache';
import type { Task } from '../../task/task.js';

/** How many tasks are remembered, and for how long, in milliseconds: most results are awaited at once. */
const MEMORY = { max: 2_000, ttl: 60_000 };

/** An open task, and the workflow run that it was seen in. */
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

  /** Forgets a task that no longer looks as it did. */
  delete(id: string): void {
    this.#started.delete(id);
  }
}
