/**
 * Remembers which tasks each listing has returned, and on which page. Prevents duplicates when visibility catches up
 * between pages, or moves a task from the running to the closed ones. If pages are served by different processes,
 * duplicates are still possible.
 * @module
 */
import { LRUCache } from 'lru-cache';

/** How many listings in progress are remembered, and for how long after their latest page, in milliseconds. */
const LISTINGS = { max: 1_000, ttl: 5 * 60_000 };

/** What one page may still return. Requesting the same page again yields the same tasks. */
export interface PageMemory {
  /** Whether no other page of the listing has returned the task. */
  isFresh(id: string): boolean;
  /** Returns the fresh ones of these IDs, without duplicates, and remembers that this page returns them. */
  take(ids: readonly string[]): string[];
}

export class ReturnedTasks {
  /** By listing: the page that returned each task. */
  readonly #pages = new LRUCache<string, Map<string, number>>(LISTINGS);

  page({ listing, page }: { readonly listing: string; readonly page: number }): PageMemory {
    const pages = this.#pages.get(listing) ?? new Map<string, number>();
    this.#pages.set(listing, pages);
    const isFresh = (id: string): boolean => (pages.get(id) ?? page) === page;
    return {
      isFresh,
      take(ids) {
        const fresh = [...new Set(ids)].filter(isFresh);
        for (const id of fresh) pages.set(id, page);
        return fresh;
      },
    };
  }
}
