/**
 * Counts a step's attempts. Temporal counts every attempt, but only failures should use them up. A worker that shuts
 * down is not a failure, nor is one that is lost after the step has passed its highest point so far. An interrupted
 * step hands its progress and counts to its workflow, which schedules it again with the remaining attempts. Pure.
 * @module
 */
import { isHeartbeatDetails, type HeartbeatDetails } from './progress.js';
import { isStepCall, type StepCall } from './step-call.js';

/** The type of the failure with which a step hands itself back. Its first detail is the next {@link StepCall}. */
export const INTERRUPTED = 'McpStepInterrupted';
/** The type of the failure of a worker that does not have the step, while the workflow waits for one that does. */
export const NOT_REGISTERED = 'McpStepNotRegistered';

/** Temporal's data about an attempt that a worker starts. */
export interface Attempt {
  /** Its number since the step was scheduled, from 1. */
  readonly attempt: number;
  /** The maximum number of attempts since the step was scheduled; 0 for no limit. */
  readonly maximumAttempts: number;
  /** What the previous attempt last sent as a heartbeat. */
  readonly heartbeat: unknown;
  /** When Temporal scheduled this attempt, in milliseconds since 1970. */
  readonly scheduledAt: number;
  /** How long one attempt may take, in milliseconds; 0 for no limit. */
  readonly startToClose: number;
}

/** Whether a lost worker's attempt does not count, because it had passed the highest point of all earlier ones. */
function isFree(heartbeat: unknown): heartbeat is HeartbeatDetails {
  return isHeartbeatDetails(heartbeat) && heartbeat.attempt?.passed === true && heartbeat.attempt.failed !== true;
}

/** Returns the counts and progress of all attempts before the one that starts. */
export function begin(
  call: StepCall,
  { attempt, heartbeat, ...now }: Attempt,
): StepCall & { readonly handBack: boolean } {
  // So far, the step has only looked for a worker that has it.
  const { waiting, ...found } = call;
  if (waiting) return { ...found, handBack: true };
  const last = isHeartbeatDetails(heartbeat) ? heartbeat : undefined;
  const details = last ?? call.details;
  const lastFailure = last?.attempt?.lastFailure ?? call.lastFailure;
  const timedOut = now.startToClose > 0 && now.scheduledAt - (last?.attempt?.startedAt ?? 0) >= now.startToClose;
  // Temporal has counted the lost attempt, so only scheduling the step again can give it back.
  const isLost = attempt > 1 && now.maximumAttempts > 0 && isFree(heartbeat) && !timedOut;
  return {
    mcpStep: 1,
    starts: (call.starts ?? 0) + attempt - 1,
    failures: (call.failures ?? 0) + attempt - 1 - (isLost ? 1 : 0),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(details === undefined ? {} : { details }),
    handBack: isLost,
  };
}

/** How a scheduled step ended without a result. Neither field is set if it failed. */
export interface Ended {
  /** The first detail of an {@link INTERRUPTED} failure. */
  readonly interrupted?: unknown;
  /** The last heartbeat of the last attempt, if its worker was lost. */
  readonly lost?: unknown;
}

/**
 * Returns the call with which to schedule the step again; `undefined` if it has failed for good.
 * @param maximumAttempts the maximum number of failures, from the step's retry policy
 */
export function nextCall(maximumAttempts: number, { interrupted, lost }: Ended): StepCall | undefined {
  if (isStepCall(interrupted)) return interrupted;
  if (!isFree(lost)) return undefined;
  const { number = 0, lastFailure } = lost.attempt ?? {};
  // All attempts are used up, but the last one does not count.
  return {
    mcpStep: 1,
    starts: number,
    failures: maximumAttempts - 1,
    ...(lastFailure === undefined ? {} : { lastFailure }),
    details: lost,
  };
}

const STEP_ID = /^mcp-(\d+)-/;

/** Returns the activity ID of a step that is scheduled again. It tells readers how often the step has failed before. */
export function stepId({ failures = 0 }: StepCall, unique: string): string {
  return `mcp-${failures}-${unique}`;
}

/** Returns how often a step had failed before it was scheduled, according to its activity ID. */
export function failuresBefore(activityId: string | null | undefined): number {
  return Number(STEP_ID.exec(activityId ?? '')?.[1] ?? 0);
}
