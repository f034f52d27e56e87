/**
 * Describes the failure of a workflow in any language to a person: what failed, on which attempt, its type and its
 * causes.
 * @module
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  ServerFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { stepName } from '../../task/names.js';

/** The maximum number of causes to mention. */
const MOST_CAUSES = 5;

/** Identifies the history event that started an attempt of an activity. */
export interface StartedEvent {
  readonly workflowId: string;
  readonly runId: string;
  readonly eventId: number;
}

export interface FailureTextOptions {
  /** The workflow that failed. */
  readonly workflow: { readonly workflowId: string; readonly runId: string; readonly type: string };
  /** Returns the number of the attempt that the event started; `undefined` if it cannot be found. */
  readonly attemptOf: (event: StartedEvent) => Promise<number | undefined>;
  readonly stackTraces: boolean;
}

export async function failureText(
  failure: Error,
  { workflow, attemptOf, stackTraces }: FailureTextOptions,
): Promise<string> {
  const where: string[] = [];
  let attempt: number | undefined;
  let execution: Omit<StartedEvent, 'eventId'> = workflow;
  let failed: Error = failure;
  while ((failed instanceof ChildWorkflowFailure || failed instanceof ActivityFailure) && failed.cause) {
    if (failed instanceof ChildWorkflowFailure) {
      attempt = undefined;
      where.push(`child workflow ${failed.workflowType}`);
      execution = { workflowId: failed.execution.workflowId ?? '', runId: failed.execution.runId ?? '' };
    } else {
      const eventId = Number(failed.failure?.activityFailureInfo?.startedEventId ?? 0);
      attempt =
        eventId > 0
          ? await attemptOf({ workflowId: execution.workflowId, runId: execution.runId, eventId })
          : undefined;
      where.push(`activity ${stepName(failed.activityType)}`);
    }
    failed = failed.cause;
  }
  const which = where.join(': ') || `workflow ${workflow.type}`;
  const when = attempt === undefined ? '' : ` on attempt ${attempt}`;
  const text = `${which} failed${when}: ${causes(failed).map(one).join('; caused by ')}`;
  const traces = stackTraces ? causes(failed).map(stackOf).filter(Boolean).join('\n\n') : '';
  return traces ? `${text}\n\n${traces}` : text;
}

function causes(failure: Error): Error[] {
  const chain: Error[] = [];
  for (let next: unknown = failure; next instanceof Error && chain.length < MOST_CAUSES; next = next.cause)
    chain.push(next);
  return chain;
}

function one(failure: Error): string {
  const type = typeOf(failure);
  return `${type ? `${type}: ` : ''}${failure.message || 'no message'}`;
}

function typeOf(failure: Error): string {
  if (failure instanceof ApplicationFailure) return failure.type ?? '';
  if (failure instanceof TimeoutFailure) return `timeout (${failure.timeoutType ?? 'unspecified'})`;
  if (failure instanceof ServerFailure) return 'server failure';
  return failure instanceof CancelledFailure ? 'cancelled' : '';
}

/** Returns the stack trace as the worker reported it. Errors in this process have none of their own. */
function stackOf(failure: Error): string {
  return failure instanceof TemporalFailure ? (failure.failure?.stackTrace ?? '') : '';
}
