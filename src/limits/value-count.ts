/** Counts the values in external JSON, because each takes time to check and memory to keep. Pure. @module */

/**
 * Returns how many values a JSON value consists of: itself, and all elements and properties in it.
 * @returns `undefined` if there are more than `most`
 */
export function countValues(value: unknown, most: number): number | undefined {
  const rest: unknown[] = [value];
  let counted = 0;
  while (rest.length > 0) {
    const one = rest.pop();
    counted++;
    if (typeof one !== 'object' || one === null) continue;
    const inner: unknown[] = Object.values(one);
    if (counted + rest.length + inner.length > most) return undefined;
    for (const each of inner) rest.push(each);
  }
  return counted;
}
