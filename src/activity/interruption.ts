/** Recognizes interrupted attempts and hands their steps back to the workflow. @module */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure, type Duration } from '@temporalio/common';
import ms from 'ms';
import { INTERRUPTED, type Attempt } from '../task/attempts.js';
import type { StepCall } from '../task/step-call.js';
import { sizeOf } from './sizes.js';

/** Returns what Temporal says about the current attempt. */
export function attemptOf({ info }: Context): Attempt {
  return {
    attempt: info.attempt,
    maximumAttempts: info.retryPolicy?.maximumAttempts ?? 0,
    heartbeat: info.heartbeatDetails,
    scheduledAt: info.currentAttemptScheduledTimestampMs,
    startToClose: info.startToCloseTimeoutMs,
  };
}

/** Whether the attempt was stopped only because its worker is shutting down. */
export function isShutdown({ cancellationSignal, cancellationDetails }: Context): boolean {
  const reason: unknown = cancellationSignal.reason;
  if (!cancellationSignal.aborted || cancellationDetails?.cancelRequested) return false;
  return (
    cancellationDetails?.workerShutdown || (reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN')
  );
}

/**
 * Whether a step can be scheduled again with `call` beside its arguments. If together they are too large, Temporal
 * retries the step itself: the checkpoint stays in the heartbeat, and the attempt counts.
 */
export async function canBePassedOn(activity: Context, args: unknown, call: StepCall): Promise<boolean> {
  const { size, limit } = await sizeOf(activity, [args, call]);
  return size <= limit;
}

/**
 * Returns the failure with which the workflow schedules the step again, with `call`.
 * @param pause how long the workflow waits before that. Only the workflow of a short tool does. It is a detail of its
 * own, because Temporal's SDK does not decode a failure's `nextRetryDelay`
 */
export function interrupted(
  { starts, failures, lastFailure, details, waiting }: StepCall,
  message: string,
  pause?: Duration | null,
): ApplicationFailure {
  const call: StepCall = {
    mcpStep: 1,
    ...(starts === undefined ? {} : { starts }),
    ...(failures === undefined ? {} : { failures }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(details === undefined ? {} : { details }),
    ...(waiting ? { waiting } : {}),
  };
  const wait = typeof pause === 'string' ? ms(pause) : pause;
  return ApplicationFailure.create({
    message,
    type: INTERRUPTED,
    nonRetryable: true,
    details: wait ? [call, wait] : [call],
    category: ApplicationFailureCategory.BENIGN,
  });
}
