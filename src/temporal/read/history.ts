/** Finds single facts in a workflow's newest history events. @module */
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import type { Calls } from '../rpc/calls.js';
import type { StartedEvent } from './failure-text.js';
import { failureOf } from '../rpc/payloads.js';
import { EventType } from '../rpc/proto.js';
import { optionalTsToMs } from '../seam.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * How far back to look: the page size in batches of events, and the maximum number of pages. The facts are near the
 * end, and searching further is not worth it.
 */
const PAGES = { size: 100, most: 20 };
const MOST_KNOWN = 2_000;

export interface Run {
  readonly workflowId: string;
  readonly runId: string;
}

export class NewestHistory {
  /** When cancellation was requested, by run. Once known, it never changes. */
  readonly #cancelled = new LRUCache<string, number>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** Returns when cancellation of this run was requested, in milliseconds since 1970; `undefined` if not found. */
  async cancelRequestedAt(workflowId: string, runId: string, until: number): Promise<number | undefined> {
    const known = this.#cancelled.get(runId);
    if (known !== undefined) return known;
    for await (const event of newestFirst(this.calls, { workflowId, runId }, until, PAGES)) {
      if (event.eventType !== EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED) continue;
      const at = optionalTsToMs(event.eventTime);
      if (at !== undefined) this.#cancelled.set(runId, at);
      return at;
    }
    return undefined;
  }

  /** Returns why the workflow's code last failed; `undefined` if it has since continued, or only timed out. */
  async workflowTaskFailure(workflowId: string, runId: string, until: number): Promise<string | undefined> {
    for await (const event of newestFirst(this.calls, { workflowId, runId }, until, PAGES)) {
      if (
        event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED ||
        event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT
      )
        return undefined;
      if (event.eventType !== EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED) continue;
      const failure = event.workflowTaskFailedEventAttributes?.failure;
      return failure ? (await failureOf(this.calls, failure, until)).message : undefined;
    }
    return undefined;
  }

  /** Returns the attempt number of the activity that this event started; `undefined` if not found. */
  async attempt({ workflowId, runId, eventId }: StartedEvent, until: number): Promise<number | undefined> {
    for await (const event of newestFirst(this.calls, { workflowId, runId }, until, PAGES)) {
      if (Number(event.eventId) > eventId) continue;
      return event.activityTaskStartedEventAttributes?.attempt ?? undefined;
    }
    return undefined;
  }

  /** Returns the last event of a run. For a closed run, it says how the run ended. */
  async last(workflowId: string, runId: string, until: number): Promise<HistoryEvent | undefined> {
    for await (const event of newestFirst(this.calls, { workflowId, runId }, until, PAGES)) return event;
    return undefined;
  }
}

/** Yields a run's events, newest first: all of them, or those of the `most` newest pages. */
export async function* newestFirst(
  calls: Calls,
  { workflowId, runId }: Run,
  until: number,
  { size, most = Infinity }: { size: number; most?: number },
): AsyncGenerator<HistoryEvent, void> {
  const { client } = calls;
  let nextPageToken: Uint8Array | null | undefined;
  for (let page = 0; page < most; page++) {
    const request = {
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: size,
      ...(nextPageToken ? { nextPageToken } : {}),
    };
    const response = await calls.run(
      until,
      async () => await client.workflowService.getWorkflowExecutionHistoryReverse(request),
    );
    yield* response.history?.events ?? [];
    ({ nextPageToken } = response);
    if (!nextPageToken?.length) return;
  }
}
