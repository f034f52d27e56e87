/** Measures how much IDs differ. @module */

/** The variety expected of unguessable IDs, in bits: far beyond guessing, and far below that of random IDs. */
export const UNGUESSABLE = 64;

/** Returns an upper bound on how many bits these strings vary by: the sum over their character positions. */
export function variety(ids: readonly string[]): number {
  const length = Math.min(...ids.map((id) => id.length));
  return Array.from({ length }, (_, place) => Math.log2(new Set(ids.map((id) => id[place])).size)).reduce(
    (sum, bits) => sum + bits,
    0,
  );
}
