/** Measures values as JSON in the workflow sandbox, where their encoding is unknown. Pure. @module */

/** The overhead of a payload, in bytes. */
const ENVELOPE = 40;

/**
 * Returns the size of the values as payloads of the default converter, in bytes.
 * @throws TypeError if a value is not JSON
 */
export function jsonSize(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + ENVELOPE + dataSize(value), 0);
}

function dataSize(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  // `undefined` and functions have no JSON form.
  const json = JSON.stringify(value) as string | undefined;
  return json === undefined ? 0 : new TextEncoder().encode(json).byteLength;
}
