/** Who puts an open question to the client: one server process at a time, so that nobody is asked twice. @module */
import { ApplicationFailure } from '@temporalio/workflow';

interface Claim {
  readonly claimant: string;
  /** Milliseconds since 1970, by the workflow's clock. */
  readonly until: number;
}

export function claims(isOpen: (key: string) => boolean) {
  const held = new Map<string, Claim>();
  const isFree = (key: string, claimant: string): boolean => {
    const claim = held.get(key);
    return claim === undefined || claim.claimant === claimant || claim.until <= Date.now();
  };
  return {
    /** As the update's validator: what it refuses leaves nothing in the history. */
    refuse(key: string, claimant: string, _lease: number): void {
      if (!isOpen(key) || !isFree(key, claimant)) throw ApplicationFailure.nonRetryable('held by another, or not open');
    },
    /** Looks again: claims of one activation all pass the validator before any of them is granted. */
    claim(key: string, claimant: string, lease: number): boolean {
      if (!isFree(key, claimant)) return false;
      if (lease > 0) held.set(key, { claimant, until: Date.now() + lease });
      else held.delete(key);
      return true;
    },
  };
}
