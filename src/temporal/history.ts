/** Single facts from a workflow's newest history events. @module */
import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { EventType } from './proto.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** How far back is looked, in events: what is looked for is near the end. */
const NEWEST = 50;
const MOST_KNOWN = 2_000;

export class NewestHistory {
  /** When cancellation was asked for, by run: once known it never changes. */
  readonly #cancelled = new LRUCache<string, number>({ max: MOST_KNOWN });

  constructor(private readonly client: Client) {}

  /** When cancellation of this run was requested, in milliseconds since 1970; `undefined` if that is not near its end. */
  async cancelRequestedAt(workflowId: string, runId: string): Promise<number | undefined> {
    const known = this.#cancelled.get(runId);
    if (known !== undefined) return known;
    const events = await this.#newest(workflowId, runId);
    const at = optionalTsToMs(events.find((event) => event.eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)?.eventTime);
    if (at !== undefined) this.#cancelled.set(runId, at);
    return at;
  }

  /** Why the workflow's code last failed to go on, for a workflow whose workflow task is being retried. */
  async workflowTaskFailure(workflowId: string, runId: string): Promise<string | undefined> {
    const events = await this.#newest(workflowId, runId);
    const failed = events.find((event) => event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED);
    const failure = await decodeOptionalFailureToOptionalError(this.client.options.loadedDataConverter, failed?.workflowTaskFailedEventAttributes?.failure);
    return failure?.message;
  }

  async #newest(workflowId: string, runId: string): Promise<HistoryEvent[]> {
    const { history } = await this.client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: this.client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: NEWEST,
    });
    return history?.events ?? [];
  }
}
