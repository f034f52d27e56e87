/** A workflow's history, read as bare clients read it. @module */
import { setMaxListeners } from 'node:events';
import proto, { type temporal } from '@temporalio/proto';
import type { Bare } from './bare.js';

const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;
/** How long a long poll may take, in milliseconds. */
const LONG_POLL = 60_000;

/**
 * Follows a workflow with long polls, and calls `changed` after each of its workflow tasks.
 * @returns the function that ends it
 */
export function changesOf({ client }: Bare, workflowId: string, changed: () => void): () => Promise<void> {
  const over = new AbortController();
  // Each request adds a listener.
  setMaxListeners(0, over.signal);
  const follow = async (): Promise<void> => {
    let nextPageToken: Uint8Array | null | undefined;
    while (!over.signal.aborted) {
      const { history, nextPageToken: next } = await client.connection.withDeadline(
        Date.now() + LONG_POLL,
        async () =>
          await client.connection.withAbortSignal(
            over.signal,
            async () =>
              await client.workflowService.getWorkflowExecutionHistory({
                namespace: 'default',
                execution: { workflowId },
                waitNewEvent: true,
                ...(nextPageToken ? { nextPageToken } : {}),
              }),
          ),
      );
      nextPageToken = next;
      const events = history?.events ?? [];
      if (events.some(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED)) changed();
      // Without a token, the workflow has closed.
      if (!next?.length) return;
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!over.signal.aborted) process.stderr.write(`the bare long poll failed: ${String(error)}\n`);
  });
  return async () => {
    over.abort();
    await following;
  };
}

/** Returns how long the first activity of each type has run, in milliseconds. */
export async function stepsOf({ client }: Bare, workflowId: string): Promise<Readonly<Record<string, number>>> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const at = (event: temporal.api.history.v1.IHistoryEvent): number =>
    Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
  const steps: Record<string, number> = {};
  for (const event of events ?? []) {
    const completed = event.activityTaskCompletedEventAttributes;
    if (!completed) continue;
    const find = (id: unknown): temporal.api.history.v1.IHistoryEvent | undefined =>
      events?.find(({ eventId }) => String(eventId) === String(id));
    const scheduled = find(completed.scheduledEventId);
    const started = find(completed.startedEventId);
    const name = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name && started) steps[name] ??= at(event) - at(started);
  }
  return steps;
}
