/** Finds single facts in a workflow's newest history events. @module */
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { within, type Calls } from '../rpc/calls.js';
import type { StartedEvent } from './failure-text.js';
import { failureOf } from '../rpc/payloads.js';
import { EventType } from '../rpc/proto.js';
import { optionalTsToMs } from '../seam.js';
import { cancellationText } from './operator.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/**
 * How far back to look: the page size in batches of events, and the maximum number of pages. The facts are near the
 * end, and searching further is not worth it.
 */
const PAGES = { size: 100, most: 20 };
/** For the last event alone. A larger page could hold megabytes of other events. */
const LAST = { size: 1, most: 1 };
const MOST_KNOWN = 2_000;

/** How long the search for a cancellation request may take, in milliseconds. */
const LONGEST_SEARCH = 60_000;

export interface Run {
  readonly workflowId: string;
  readonly runId: string;
}

/** A request to cancel a run. */
export interface CancelRequest {
  /** In milliseconds since 1970. */
  readonly at: number;
  /** See `Outcome`. */
  readonly reason?: string;
}

export class NewestHistory {
  /** The cancellation requests by run. Once found, they never change. */
  readonly #cancelled = new LRUCache<string, CancelRequest>({ max: MOST_KNOWN });
  /** The searches in progress. */
  readonly #searches = new Map<string, Promise<CancelRequest | undefined>>();

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the request to cancel this run. Returns `undefined` if it is too far back to be found in time. The search
   * continues, so that a later call finds it.
   */
  async cancelRequest(run: Run, until: number): Promise<CancelRequest | undefined> {
    const { runId } = run;
    const known = this.#cancelled.get(runId);
    if (known) return known;
    const search =
      this.#searches.get(runId) ?? this.#searchCancelRequest(run).finally(() => this.#searches.delete(runId));
    this.#searches.set(runId, search);
    return await this.calls.once(until, async () => await search).catch(() => undefined);
  }

  async #searchCancelRequest(run: Run): Promise<CancelRequest | undefined> {
    for await (const event of newestFirst(this.calls, run, within(LONGEST_SEARCH), { size: PAGES.size })) {
      const attributes = event.workflowExecutionCancelRequestedEventAttributes;
      const at = optionalTsToMs(event.eventTime);
      if (!attributes || at === undefined) continue;
      const reason = cancellationText(attributes);
      const request = { at, ...(reason === undefined ? {} : { reason }) };
      this.#cancelled.set(run.runId, request);
      return request;
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
    for await (const event of newestFirst(this.calls, { workflowId, runId }, until, LAST)) return event;
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
