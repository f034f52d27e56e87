/** What Temporal Cloud would bill: https://docs.temporal.io/cloud/pricing#action. @module */
import type { temporal } from '@temporalio/proto';
import type { Bare } from './bare.js';
import type { Counts } from './metrics.js';

/** Requests that are an action each. */
const BILLED = ['RecordActivityTaskHeartbeat', 'QueryWorkflow', 'SignalWorkflowExecution', 'UpdateWorkflowExecution'];

/**
 * Returns the actions of one task: those in its history, and those of the requests that histories don't show.
 * @param counts the requests of `tasks` tasks like this one
 */
export async function actionsOf(bare: Bare, workflowId: string, counts: Counts, tasks: number): Promise<number> {
  const { events } = await bare.client.workflow.getHandle(workflowId).fetchHistory();
  const requests = BILLED.reduce((sum, operation) => sum + (counts[operation] ?? 0), 0);
  return actionsIn(events ?? []) + requests / tasks;
}

/** Counts starts, activity attempts, timers, and the workflow tasks that ran local activities or recorded markers. */
function actionsIn(events: readonly temporal.api.history.v1.IHistoryEvent[]): number {
  const markers = new Set<string>();
  let actions = 0;
  for (const event of events) {
    const marker = event.markerRecordedEventAttributes;
    if (marker) markers.add(String(marker.workflowTaskCompletedEventId));
    else if (event.workflowExecutionStartedEventAttributes ?? event.timerStartedEventAttributes) actions++;
    else if (event.upsertWorkflowSearchAttributesEventAttributes) actions++;
    else if (event.activityTaskStartedEventAttributes) actions += event.activityTaskStartedEventAttributes.attempt ?? 1;
  }
  return actions + markers.size;
}
