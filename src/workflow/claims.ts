/**
 * Claims: they let one server process at a time ask the client a question or send it progress, to prevent duplicates.
 * @module
 */
import { ApplicationFailure, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { CLAIM_REFUSED, CLAIM_UPDATE, NOT_ASKED, PROGRESS_CLAIM, RELEASE_SIGNAL } from '../task/names.js';

/**
 * Claims `key` for `claimant` for the next `ms` milliseconds; 0 releases it. Returns whether it was granted. `session`
 * is the one whose client will be asked.
 */
export const claimUpdate = defineUpdate<boolean, [key: string, claimant: string, ms: number, session?: string]>(
  CLAIM_UPDATE,
);
/** Releases `key`. A signal, because a workflow accepts more signals than updates. */
export const releaseSignal = defineSignal<[key: string, claimant: string]>(RELEASE_SIGNAL);

export interface ClaimedQuestions {
  /** Whether a key belongs to an open input request. */
  isOpen(key: string): boolean;
  /** Whether the client of this session may be asked that question. */
  asks(key: string, session: string): boolean;
}

export interface HeldClaim {
  readonly claimant: string;
  /** Milliseconds since 1970, by the workflow's clock. */
  readonly until: number;
  readonly session?: string;
}

/** The claims of the running workflow. */
export interface Claims {
  /** Returns the session whose client was last asked this question; `''` if it has none, or nobody claimed to ask. */
  sessionOf(key: string): string;
  /** The number of claims granted in this run. */
  readonly granted: number;
  /** Returns the claim on this key. */
  held(key: string): HeldClaim | undefined;
  /** Takes over a claim that an earlier run granted. */
  resume(key: string, claim: HeldClaim): void;
  /** Forgets the claim on a question that is no longer open. */
  forget(key: string): void;
}

/**
 * Handles claims in the running workflow.
 *
 * @param questions say whether a key belongs to an open input request, and which sessions to ask
 */
export function handleClaims({ isOpen, asks }: ClaimedQuestions): Claims {
  const held = new Map<string, HeldClaim>();
  let granted = 0;
  const isFree = (key: string, claimant: string): boolean => {
    const claim = held.get(key);
    return claim === undefined || claim.claimant === claimant || claim.until <= Date.now();
  };
  const claim = (key: string, claimant: string, ms: number, session?: string): boolean => {
    // Check again: all claims of one activation pass the validator before any of them is granted.
    if (!isFree(key, claimant)) return false;
    if (ms > 0) held.set(key, { claimant, until: Date.now() + ms, ...(session === undefined ? {} : { session }) });
    else held.delete(key);
    granted += 1;
    return true;
  };
  setHandler(claimUpdate, claim, {
    // A claim that the validator rejects leaves no trace in the history.
    validator(key, claimant, _ms, session = '') {
      const exists = key === PROGRESS_CLAIM || isOpen(key);
      if (!exists || !isFree(key, claimant))
        throw ApplicationFailure.nonRetryable('already claimed, or not open', CLAIM_REFUSED);
      if (!asks(key, session))
        throw ApplicationFailure.nonRetryable('its answers were refused too often', CLAIM_REFUSED, NOT_ASKED);
    },
  });
  setHandler(releaseSignal, (key, claimant) => {
    if (held.get(key)?.claimant === claimant) held.delete(key);
  });
  return {
    get granted() {
      return granted;
    },
    held: (key) => held.get(key),
    resume: (key, left) => void held.set(key, left),
    sessionOf: (key) => held.get(key)?.session ?? '',
    forget: (key) => void held.delete(key),
  };
}
