/** Finds the name that the user probably meant. Pure. @module */

/** The minimum length for a substring match; shorter names occur in too many others. */
const SHORTEST_PART = 4;

/** Returns the known name closest to `name`, if any is close: by edit distance, or because one contains the other. */
export function similarTo(name: string, known: readonly string[]): string | undefined {
  return similarNames(name, known)[0];
}

/** Returns all known names that are close to `name`, the closest first. See {@link similarTo}. */
export function similarNames(name: string, known: readonly string[]): string[] {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const given = plain(name);
  const most = Math.max(1, Math.floor(name.length / 3));
  const near = known
    .map((candidate) => ({ candidate, distance: distanceOf(given, plain(candidate)) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
  const containing = known.filter(
    (candidate) =>
      Math.min(given.length, candidate.length) >= SHORTEST_PART &&
      (plain(candidate).includes(given) || given.includes(plain(candidate))),
  );
  return [...new Set([...near, ...containing])];
}

/** Returns the optimal string alignment distance: the letters to change, remove, add, or swap with a neighbor. */
function distanceOf(one: string, other: string): number {
  let above: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 0; i < one.length; i++) {
    const twoAbove = above;
    above = row;
    row = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const changed = above[j]! + (one[i] === other[j] ? 0 : 1);
      const isSwap = i > 0 && j > 0 && one[i] === other[j - 1] && one[i - 1] === other[j];
      const swapped = isSwap ? twoAbove[j - 1]! + 1 : Infinity;
      row.push(Math.min(row[j]! + 1, above[j + 1]! + 1, changed, swapped));
    }
  }
  return row.at(-1)!;
}
