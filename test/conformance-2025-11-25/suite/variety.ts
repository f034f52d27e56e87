/** How much IDs differ. @module */

/** In bits: far beyond what can be guessed, and far below what random IDs have. */
export const UNGUESSABLE = 64;

/** The bits that the places of these strings vary by, at most. */
export function variety(ids: readonly string[]): number {
  const length = Math.min(...ids.map((id) => id.length));
  return Array.from({ length }, (_, place) => Math.log2(new Set(ids.map((id) => id[place])).size)).reduce(
    (sum, bits) => sum + bits,
    0,
  );
}
