/**
 * Limits how deeply external values may be nested, because much of the code that handles them is recursive. Pure.
 * @module
 */

/** The deepest nesting of objects and arrays that is accepted. */
export const DEEPEST = 200;

/** Returns what is wrong with the nesting of `value`; `undefined` if nothing is. */
export function nestingProblem(value: unknown): string | undefined {
  if (!isDeeper(value, DEEPEST)) return undefined;
  return `nested too deeply: at most ${DEEPEST} levels of objects and arrays are allowed`;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
