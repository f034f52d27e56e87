/** The signals of the benchmark's workflows. @module */

/** Tells the workflow `idle` its next status. */
export const SAY = 'say';
/** Ends the workflows `idle` and `bareIdle`. */
export const FINISH = 'finish';
