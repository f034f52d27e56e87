/** Medians and quantiles. Pure. @module */

/** @throws RangeError if there are no values */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Returns the value below which a share of the values lies, interpolated between neighbors.
 * @param share from 0 to 1
 * @throws RangeError if there are no values
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('there are no values');
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]] as [number, number];
  return below + (above - below) * (place - Math.floor(place));
}
