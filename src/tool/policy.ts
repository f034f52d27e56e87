/** Retries and timeouts of a tool's work. @module */
import type { Duration } from '../task/duration.js';

/** The parts of Temporal's retry policy that a tool can set. */
export interface ToolRetry {
  /**
   * The maximum number of attempts at a step, including the first. Attempts that end because their worker shuts down
   * don't count. Neither do those whose worker is lost after the step has passed its highest progress so far.
   * @default 5
   */
  readonly maximumAttempts?: number;
  /** The pause before the second attempt. @default '1 second' */
  readonly initialInterval?: Duration;
  /** The factor by which each pause grows. @default 2 */
  readonly backoffCoefficient?: number;
  /** The longest pause. @default '1 minute' */
  readonly maximumInterval?: Duration;
}

/** The timeouts of a tool's work. */
export interface ToolTimeouts {
  /** How long one attempt of `run` may take. @default '24 hours' */
  readonly startToClose?: Duration;
  /**
   * How long a running attempt may go without a heartbeat before it counts as lost and is retried.
   * @default '30 seconds'
   */
  readonly heartbeat?: Duration;
  /** How long the whole task may take, including retries; after that it fails with -32603. @default unlimited */
  readonly execution?: Duration;
  /** How long one run of a workflow tool's workflow may take. @default unlimited */
  readonly run?: Duration;
}

/** The complete policy that the shipped workflow receives, so that a task keeps the policy it was started with. */
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
