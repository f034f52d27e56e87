/** Single facts from a workflow's newest history events. @module */
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import type { Calls } from './calls.js';
import type { StartedEvent } from './failure-text.js';
import { failureOf } from './payloads.js';
import { EventType } from './proto.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** How far back is looked, in events and pages: what is looked for is near the end. */
const PAGE = { size: 100, most: 20 };
const MOST_KNOWN = 2_000;

/** A run as of some length of its history. */
export interface RunAt {
  readonly workflowId: string;
  readonly runId: string;
  readonly historyLength: number;
}

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
      const failure = event.workflowTaskFailedEventAttributes?.failure;
      return failure ? (await failureOf(this.calls, failure, until)).message : undefined;
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

  /** How it ended, of a closed run. */
  async last(workflowId: string, runId: string, until: number): Promise<HistoryEvent | undefined> {
    for await (const event of this.#newestFirst(workflowId, runId, until)) return event;
    return undefined;
  }

  /**
   * The number of the event by which the run last took a signal or update of these names, as of so long a history; 0 if none is
   * to be found. It has taken a signal when its code went on after it, an update when that has completed.
   */
  async lastTaken({ workflowId, runId, historyLength }: RunAt, names: readonly string[], until: number): Promise<number> {
    let wentOn = false;
    const completed = new Set<string>();
    for await (const event of this.#newestFirst(workflowId, runId, until)) {
      if (Number(event.eventId) > historyLength) continue;
      const { workflowExecutionSignaledEventAttributes: signal, workflowExecutionUpdateAcceptedEventAttributes: update } = event;
      wentOn ||= event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
      const done = event.workflowExecutionUpdateCompletedEventAttributes?.acceptedEventId;
      if (done) completed.add(String(done));
      if (signal && wentOn && names.includes(signal.signalName ?? '')) return Number(event.eventId);
      if (update && completed.has(String(event.eventId)) && names.includes(update.acceptedRequest?.input?.name ?? '')) return Number(event.eventId);
    }
    return 0;
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
