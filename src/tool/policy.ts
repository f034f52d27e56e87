/** How a tool's work is retried and bounded in time. @module */
import type { Duration } from '../task/duration.js';

/** Temporal's retry policy, as far as a tool sets it. */
export interface ToolRetry {
  /** How often a step is tried in all. @default 5 */
  readonly maximumAttempts?: number;
  /** The pause before the second attempt. @default '1 second' */
  readonly initialInterval?: Duration;
  /** By how much each pause is longer than the one before. @default 2 */
  readonly backoffCoefficient?: number;
  /** The longest pause. @default '1 minute' */
  readonly maximumInterval?: Duration;
}

export interface ToolTimeouts {
  /** How long one attempt may take. @default '24 hours' */
  readonly startToClose?: Duration;
  /** How long a running attempt may be silent before it counts as lost and is tried again. @default '30 seconds' */
  readonly heartbeat?: Duration;
  /** How long the task may take in all, retries included; afterwards it fails with -32603. @default unlimited */
  readonly execution?: Duration;
  /** How long one run of a workflow tool's workflow may take. @default unlimited */
  readonly run?: Duration;
}

/** The policy as the shipped workflow gets it: complete, so that a task keeps the policy it was started with. */
export interface RunPolicy {
  readonly startToClose: Duration;
  readonly heartbeat: Duration;
  readonly retry: Required<ToolRetry>;
}

export function runPolicy(retry: ToolRetry = {}, timeouts: ToolTimeouts = {}): RunPolicy {
  return {
    startToClose: timeouts.startToClose ?? '24 hours',
    heartbeat: timeouts.heartbeat ?? '30 seconds',
    retry: {
      maximumAttempts: retry.maximumAttempts ?? 5,
      initialInterval: retry.initialInterval ?? '1 second',
      backoffCoefficient: retry.backoffCoefficient ?? 2,
      maximumInterval: retry.maximumInterval ?? '1 minute',
    },
  };
}
