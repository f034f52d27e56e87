/** Remembers tasks that this process created so recently that the visibility store may not show them yet. @module */
import { LRUCache } from 'lru-cache';
import type { Task } from '../../task/task.js';

/** The maximum number of tasks on a page. */
export const PAGE = 50;
/** How long a new task is remembered, in milliseconds: longer than the visibility store usually lags. */
const LAG = 30_000;

export class RecentTasks {
  readonly #recent = new LRUCache<string, true>({ max: 1_000 });

  /** @param visible returns those of the IDs that visibility already shows */
  constructor(private readonly visible: (ids: readonly string[], until: number) => Promise<readonly string[]>) {}

  /** Remembers a task, unless it is older than the store's lag. */
  add({ id, createdAt }: Pick<Task, 'id' | 'createdAt'>): void {
    const ttl = createdAt + LAG - Date.now();
    if (ttl > 0) this.#recent.set(id, true, { ttl });
  }

  /**
   * Returns at most one page of remembered tasks in these ID ranges that visibility does not show yet. Skips those that
   * another page of the listing has returned (`isFresh`).
   */
  async page(
    ranges: readonly (readonly [string, string])[],
    isFresh: (id: string) => boolean,
    until: number,
  ): Promise<string[]> {
    for (;;) {
      const page = [...this.#recent.keys()]
        .filter((id) => isFresh(id) && ranges.some(([first, last]) => id >= first && id < last))
        .slice(0, PAGE);
      if (page.length === 0) return [];
      const shown = await this.visible(page, until);
      for (const id of shown) this.#recent.delete(id);
      const unlisted = page.filter((id) => !shown.includes(id));
      if (unlisted.length > 0) return unlisted;
    }
  }
}
