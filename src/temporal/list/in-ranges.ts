/** Builds the part of a visibility query that selects workflows by ranges of their IDs. Pure. @module */

/** Ranges of workflow IDs, such as those of `idRange`. */
export type Ranges = readonly (readonly [from: string, to: string])[];

/** @param ranges at least one */
export function inRanges(ranges: Ranges): string {
  return ranges.map(([first, last]) => `WorkflowId BETWEEN '${first}' AND '${last}'`).join(' OR ');
}
