/** Decides how often a task is read to find changes that its history does not contain. @module */

/** How often a watcher considers reading its task, in milliseconds. */
export const LOOK = 1_000;
/** The pause before the next read, as a part of the time for which the task has not changed. */
const PART_OF_QUIET = 0.2;
/** The longest such pause, in milliseconds. */
const LONGEST = 30_000;
/** How many reads a second an owner's unmoving tasks may cost in all. Beyond that, even the longest pause grows. */
const READS_PER_SECOND = 50;
/** A task counts as moving if it has changed within this time, in milliseconds. */
const MOVES = 5_000;
/** The shortest interval for a task without a long poll whose progress no follower wants, in milliseconds. */
const WITHOUT_POLL = 2_000;

export interface Quiet {
  /** How long the task has gone without a change, in milliseconds. */
  readonly quiet: number;
  /** Whether any follower wants its progress. */
  readonly progress: boolean;
  /** How many tasks of its owner are followed here. */
  readonly followed: number;
}

/**
 * Returns how many looks after the last read the next one is due. A moving task is read every second if its progress is
 * wanted.
 */
export function looksUntilDue({ quiet, progress, followed }: Quiet): number {
  const pause = Math.min(Math.max(quiet * PART_OF_QUIET, progress ? LOOK : WITHOUT_POLL), LONGEST);
  const share = quiet > MOVES ? (1_000 * followed) / READS_PER_SECOND : 0;
  return Math.round(Math.max(pause, share) / LOOK);
}
