/** Decides what a task's history events mean for its followers. Pure. @module */
import type { temporal } from '@temporalio/proto';
import { EventType } from '../rpc/proto.js';
import { broader, type Cause } from './follower.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const ENDING = new Set<number>([
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
]);

/**
 * Events that change only the steps. If the workflow's own code reacts to one, it does so in a workflow task,
 * whose completion is an event of its own.
 */
const OF_STEPS = new Set<number>([
  EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
  EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED,
]);

/** Events that change nothing about the task. */
const OF_NOBODY = new Set<number>([
  EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
  EventType.EVENT_TYPE_TIMER_FIRED,
]);

/** Returns why the task must be read after these events; `undefined` if they change nothing about it. */
export function causeOf(events: readonly HistoryEvent[]): Cause | undefined {
  let cause: Cause | undefined;
  for (const { eventType } of events) {
    const type = eventType ?? 0;
    if (OF_NOBODY.has(type)) continue;
    cause = broader(cause, ENDING.has(type) ? 'ending' : OF_STEPS.has(type) ? 'progress' : 'news');
  }
  return cause;
}

/** Returns whether this event requests the workflow's cancellation or records it. */
export function asksToCancel({ eventType }: HistoryEvent): boolean {
  return (
    eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED ||
    eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
  );
}

/** Returns the run that continues this one (continue-as-new, retry or cron), which its last event names. */
export function nextRunOf(event: HistoryEvent): string | undefined {
  return (
    event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ||
    event.workflowExecutionFailedEventAttributes?.newExecutionRunId ||
    event.workflowExecutionTimedOutEventAttributes?.newExecutionRunId ||
    event.workflowExecutionCompletedEventAttributes?.newExecutionRunId ||
    undefined
  );
}
