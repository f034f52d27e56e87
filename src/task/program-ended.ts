/**
 * The mark of a cancellation that a worker has carried out: none of the program's processes is left. Temporal also
 * cancels steps whose worker is lost, and then nobody knows. Part of histories. Pure.
 * @module
 */

/** The details of the cancellation. */
export const PROGRAM_ENDED = [{ mcpProgramEnded: 1 }] as const;

export function isProgramEnded(details: readonly unknown[] | undefined): boolean {
  return (details?.[0] as { readonly mcpProgramEnded?: unknown } | undefined)?.mcpProgramEnded === 1;
}
