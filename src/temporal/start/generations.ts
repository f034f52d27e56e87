/**
 * Which generations of an idempotency key there are. They are numbered from 0, each taking the lowest free number, and
 * Temporal's retention frees them again, the oldest first.
 * @module
 */

/**
 * How many generations are looked at to begin with: the first ones may be gone while a later one is still kept. A task is lost
 * to its key only if so many before it failed, and it outlives all of them by Temporal's retention.
 */
const WINDOW = 8;

/** What is to be had of one generation; `undefined` if its number is free. */
export type Look<T> = (generation: number) => Promise<T | undefined>;

export interface Generations<T> {
  /** Those of the first {@link WINDOW} numbers, and beyond them the last: to make room for it, the ones between gave way. */
  readonly found: T[];
  /** The number of a new one. */
  readonly free: number;
}

/** In a few looks, whatever the number of generations: beyond the first ones by doubling and halving. */
export async function searchGenerations<T>(look: Look<T>): Promise<Generations<T>> {
  const window = await Promise.all(Array.from({ length: WINDOW }, async (_, generation) => await look(generation)));
  const found = window.filter((one) => one !== undefined);
  const hole = window.indexOf(undefined);
  const last = window[WINDOW - 1];
  if (last === undefined) return { found, free: hole };
  const beyond = await lastFrom(WINDOW - 1, last, look);
  return { found: [...new Set([...found, beyond.found])], free: hole === -1 ? beyond.number + 1 : hole };
}

/** The last generation from the one that has this `number`. */
async function lastFrom<T>(number: number, found: T, look: Look<T>): Promise<{ number: number; found: T }> {
  let last = { number, found };
  let free = Number.POSITIVE_INFINITY;
  while (free - last.number > 1) {
    const next = Number.isFinite(free) ? Math.floor((last.number + free) / 2) : last.number * 2;
    const one = await look(next);
    if (one === undefined) free = next;
    else last = { number: next, found: one };
  }
  return last;
}
