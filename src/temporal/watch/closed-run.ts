/** Reads the short history of a run that has closed: it tells everything, in a single request. @module */
import type { Closing } from '../read/end.js';
import type { Calls } from '../rpc/calls.js';
import { asksToCancel, nextRunOf } from './events.js';

/** Longer histories, in events and bytes, cost more than a description and the last event. */
const SHORT = { events: 50, bytes: 32 * 1024 };

/** A closed run, as the visibility store shows it. */
export interface ClosedRun {
  readonly runId: string;
  readonly events: number;
  readonly bytes: number;
}

/**
 * Returns the event that closed the run; `undefined` if the history is not short, someone had asked to cancel the run,
 * or another run continues it.
 * @param until the deadline, in milliseconds since 1970
 * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`
 */
export async function closingOf(
  calls: Calls,
  workflowId: string,
  { runId, events, bytes }: ClosedRun,
  until: number,
): Promise<Closing | undefined> {
  if (events > SHORT.events || bytes > SHORT.bytes) return undefined;
  const { client } = calls;
  const request = {
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: SHORT.events,
    skipArchival: true,
  };
  const { history } = await calls.run(
    until,
    async () => await client.workflowService.getWorkflowExecutionHistory(request),
  );
  const all = history?.events ?? [];
  const event = all.at(-1);
  if (!event || Number(event.eventId) < events || all.some(asksToCancel) || nextRunOf(event)) return undefined;
  return { runId, event };
}
