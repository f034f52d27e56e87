/** What this process created so recently that the visibility store may not show it yet. @module */
import { LRUCache } from 'lru-cache';
import type { Task } from '../../task/task.js';

/** Tasks on one page. */
export const PAGE = 50;
/** How long a newly created task is remembered, in milliseconds: longer than the visibility store's usual lag. */
const LAG = 30_000;

export class RecentTasks {
  readonly #recent = new LRUCache<string, true>({ max: 1_000 });

  /** @param visible which of these visibility shows by now */
  constructor(private readonly visible: (ids: readonly string[], until: number) => Promise<readonly string[]>) {}

  /** One that is older than the store's lag needs no remembering. */
  add({ id, createdAt }: Pick<Task, 'id' | 'createdAt'>): void {
    const ttl = createdAt + LAG - Date.now();
    if (ttl > 0) this.#recent.set(id, true, { ttl });
  }

  /** Those within these ranges of IDs that visibility does not show, but for what another page had; a page at most. */
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
