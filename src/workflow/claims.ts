/**
 * Who tells the task's client of something: one server process at a time, so that nobody is asked or told twice.
 * @module
 */
import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import { CLAIM_REFUSED, CLAIM_UPDATE, PROGRESS_CLAIM } from '../task/names.js';

/** Whether `claimant` has it for the next `lease` milliseconds; 0 gives it up. */
export const claimUpdate = defineUpdate<boolean, [key: string, claimant: string, lease: number]>(CLAIM_UPDATE);

interface Claim {
  readonly claimant: string;
  /** Milliseconds since 1970, by the workflow's clock. */
  readonly until: number;
}

/** @param isOpen whether there is such a question */
export function handleClaims(isOpen: (key: string) => boolean): void {
  const held = new Map<string, Claim>();
  const isFree = (key: string, claimant: string): boolean => {
    const claim = held.get(key);
    return claim === undefined || claim.claimant === claimant || claim.until <= Date.now();
  };
  const claim = (key: string, claimant: string, lease: number): boolean => {
    // Looks again: claims of one activation all pass the validator before any of them is granted.
    if (!isFree(key, claimant)) return false;
    if (lease > 0) held.set(key, { claimant, until: Date.now() + lease });
    else held.delete(key);
    return true;
  };
  setHandler(claimUpdate, claim, {
    // What it refuses leaves nothing in the history.
    validator(key, claimant, _lease) {
      const exists = key === PROGRESS_CLAIM || isOpen(key);
      if (!exists || !isFree(key, claimant))
        throw ApplicationFailure.nonRetryable('held by another, or not open', CLAIM_REFUSED);
    },
  });
}
