/** Single facts from a workflow's newest history events. @module */
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import type { Calls } from './calls.js';
import type { StartedEvent } from './failure-text.js';
import { EventType } from './proto.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** How far back is looked, in events and pages: what is looked for is near the end. */
const PAGE = { size: 100, most: 20 };
const MOST_KNOWN = 2_000;

export class NewestHistory {
  /** When cancellation was asked for, by run: once known it never changes. */
  readonly #cancelled = new LRUCache<string, number>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** When cancellation of this run was requested, in milliseconds since 1970; `undefined` if it is not to be found. */
  async cancelRequestedAt(workflowId: string, runId: string, until: number): Promise<number | undefined> {
    const known = this.#cancelled.get(runId);
    if (known !== undefined) return known;
    for await (const event of this.#newestFirst(workflowId, runId, until)) {
      if (event.eventType !== EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED) continue;
      const at = optionalTsToMs(event.eventTime);
      if (at !== undefined) this.#cancelled.set(runId, at);
      return at;
    }
    return undefined;
  }

  /** Why the workflow's code last failed to go on; `undefined` if it has gone on since, or only timed out. */
  async workflowTaskFailure(workflowId: string, runId: string, until: number): Promise<string | undefined> {
    for await (const event of this.#newestFirst(workflowId, runId, until)) {
      if (event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED || event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT) return undefined;
      if (event.eventType !== EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED) continue;
      const failure = await decodeOptionalFailureToOptionalError(this.calls.client.options.loadedDataConverter, event.workflowTaskFailedEventAttributes?.failure);
      return failure?.message;
    }
    return undefined;
  }

  /** The attempt of the activity that this event started; `undefined` if it is not to be found. */
  async attempt({ workflowId, runId, eventId }: StartedEvent, until: number): Promise<number | undefined> {
    for await (const event of this.#newestFirst(workflowId, runId, until)) {
      if (Number(event.eventId) > eventId) continue;
      return event.activityTaskStartedEventAttributes?.attempt ?? undefined;
    }
    return undefined;
  }

  async *#newestFirst(workflowId: string, runId: string, until: number): AsyncGenerator<HistoryEvent, void> {
    const { client } = this.calls;
    let nextPageToken: Uint8Array | null | undefined;
    for (let page = 0; page < PAGE.most; page++) {
      const request = { namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: PAGE.size, ...(nextPageToken ? { nextPageToken } : {}) };
      const response = await this.calls.run(until, async () => await client.workflowService.getWorkflowExecutionHistoryReverse(request));
      yield* response.history?.events ?? [];
      ({ nextPageToken } = response);
      if (!nextPageToken?.length) return;
    }
  }
}
