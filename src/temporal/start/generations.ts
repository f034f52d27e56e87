/**
 * Searches the generations of an idempotency key. They are numbered from 0, and each new one takes the lowest free
 * number. Temporal's retention frees the numbers again, oldest first.
 * @module
 */

/** How many generations to check first: retention may have freed the first ones while a later one still exists. */
export const WINDOW = 8;

/** Looks up one generation; `undefined` if its number is free. */
export type Look<T> = (generation: number) => Promise<T | undefined>;

export interface Generations<T> {
  /**
   * The generations found among the first {@link WINDOW} numbers, plus the last one beyond them. Those in between have
   * been replaced, otherwise the last one would not have started.
   */
  readonly found: T[];
  /** The number for a new generation. */
  readonly free: number;
}

/**
 * Finds the generations in a few lookups, however many there are: beyond the first ones it searches by doubling and
 * halving.
 * @param noted the highest number known to have been taken beyond the first ones. The search continues from there, even
 * if all lower numbers are free again. @default none
 */
export async function searchGenerations<T>(look: Look<T>, noted?: number): Promise<Generations<T>> {
  const numbers = Array.from({ length: WINDOW }, (_, generation) => generation);
  const [window, atNoted] = await Promise.all([
    Promise.all(numbers.map(async (generation) => await look(generation))),
    noted === undefined ? undefined : look(noted),
  ]);
  const found = window.filter((one) => one !== undefined);
  const hole = window.indexOf(undefined);
  const last = window[WINDOW - 1];
  const start =
    noted !== undefined && atNoted !== undefined
      ? { number: noted, found: atNoted }
      : last !== undefined && { number: WINDOW - 1, found: last };
  if (!start) return { found, free: hole };
  const beyond = await lastFrom(start.number, start.found, look);
  return { found: [...new Set([...found, beyond.found])], free: hole === -1 ? beyond.number + 1 : hole };
}

/** Finds the last generation, starting from an existing one with this `number`. */
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
