/**
 * Claims: they let one server process at a time ask the client a question or send it progress, to prevent duplicates.
 * @module
 */
import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import { CLAIM_REFUSED, CLAIM_UPDATE, PROGRESS_CLAIM } from '../task/names.js';

/**
 * Claims `key` for `claimant` for the next `ms` milliseconds; 0 releases it. Returns whether it was granted.
 */
export const claimUpdate = defineUpdate<boolean, [key: string, claimant: string, ms: number]>(CLAIM_UPDATE);

interface HeldClaim {
  readonly claimant: string;
  /** Milliseconds since 1970, by the workflow's clock. */
  readonly until: number;
}

/**
 * Handles claims in the running workflow.
 *
 * @param isOpen whether a key belongs to an open input request
 */
export function handleClaims(isOpen: (key: string) => boolean): void {
  const held = new Map<string, HeldClaim>();
  const isFree = (key: string, claimant: string): boolean => {
    const claim = held.get(key);
    return claim === undefined || claim.claimant === claimant || claim.until <= Date.now();
  };
  const claim = (key: string, claimant: string, ms: number): boolean => {
    // Check again: all claims of one activation pass the validator before any of them is granted.
    if (!isFree(key, claimant)) return false;
    if (ms > 0) held.set(key, { claimant, until: Date.now() + ms });
    else held.delete(key);
    return true;
  };
  setHandler(claimUpdate, claim, {
    // A claim that the validator rejects leaves no trace in the history.
    validator(key, claimant, _ms) {
      const exists = key === PROGRESS_CLAIM || isOpen(key);
      if (!exists || !isFree(key, claimant))
        throw ApplicationFailure.nonRetryable('already claimed, or not open', CLAIM_REFUSED);
    },
  });
}
