/**
 * Follows a workflow's history by long poll, within a budget. While it has no long poll, the watcher must read the task
 * on its own.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import { GRPC, grpcCode, within, type Calls } from '../rpc/calls.js';
import { isMcpTasksError } from '../../task/errors.js';
import { EventType, HistoryEventFilterType } from '../rpc/proto.js';
import { linkSignals } from '../rpc/signals.js';
import { refusal } from '../rpc/refusal.js';
import type { PollBudget } from './poll-budget.js';

/** The deadline of one long poll, in milliseconds. The server answers an idle one after about 20 s. */
const POLL_DEADLINE = 60_000;
/**
 * The deadline for skipping the existing history, in milliseconds. A long poll this short is answered at once, with the
 * position to continue from.
 */
const SKIP_DEADLINE = 500;
/** How long to wait before trying again to find another run, in milliseconds. */
const NEXT_RUN = 2_000;
/** How long to wait before trying again to get a long poll, in milliseconds. */
const NEXT_SLOT = 10_000;
/** How long to wait after a failed poll, in milliseconds: the first time, and at most. */
const PAUSE = { first: 200, longest: 5_000 };

const ENDING = new Set<number>([
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
]);

/** `news`: the history has grown. `ending`: the task may have ended. */
export type Tick = 'news' | 'ending';

export interface TailOptions {
  readonly calls: Calls;
  readonly budget: PollBudget;
  readonly workflowId: string;
  /** Whose share of the budget the long poll takes. */
  readonly owner: string;
  /**
   * Called each time the history has grown, and once for the existing history, which is skipped: it may be long, and
   * its payloads large.
   */
  readonly listener: (tick: Tick) => void;
}

export class HistoryTail {
  readonly #stop = new AbortController();
  #blind = false;

  constructor(private readonly options: TailOptions) {
    void this.#run();
  }

  /** Whether there is no long poll, so that the listener is not called. */
  get blind(): boolean {
    return this.#blind;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { budget, owner, listener } = this.options;
    const { signal } = this.#stop;
    const cursor: Cursor = {};
    let pause = PAUSE.first;
    let refused = false;
    while (!signal.aborted) {
      const slot = budget.take(owner);
      this.#blind = refused || slot === undefined;
      if (!slot) {
        await pauseFor(NEXT_SLOT, signal);
        continue;
      }
      let over = false;
      try {
        const tick = await this.#poll(cursor, slot.lost);
        pause = PAUSE.first;
        refused = false;
        if (tick) listener(tick);
        over = cursor.closed === true;
      } catch (error) {
        slot.release();
        if (signal.aborted || slot.lost.aborted) continue;
        over = grpcCode(error) === GRPC.NOT_FOUND;
        // Wake the followers: their own read surfaces the refusal.
        if (over || refusal(error) !== undefined) listener('ending');
        // All clients together have used up the server's long polls, or its rate limit.
        refused = grpcCode(error) === GRPC.RESOURCE_EXHAUSTED;
        // Any other error, such as an unavailable cluster, is transient, so the followers keep waiting.
        if (!over) await pauseFor(pause, signal);
        pause = Math.min(pause * 2, PAUSE.longest);
      } finally {
        slot.release();
      }
      if (!over) continue;
      // A follower that reads an outcome leaves now. Otherwise it waits for another run, such as one created by an
      // operator's reset.
      await pauseFor(NEXT_RUN, signal);
      beginAgain(cursor);
    }
  }

  async #poll(cursor: Cursor, lost: AbortSignal): Promise<Tick | undefined> {
    const { calls, workflowId } = this.options;
    const { client } = calls;
    const { signal, unlink } = linkSignals(this.#stop.signal, lost);
    const skips = !cursor.runId && !cursor.token && !cursor.whole;
    const request = {
      namespace: client.options.namespace,
      execution: { workflowId, ...(cursor.runId ? { runId: cursor.runId } : {}) },
      waitNewEvent: true,
      skipArchival: true,
      // With this filter the server begins at the end. The next poll, without it, continues from there with all events.
      ...(skips ? { historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } : {}),
      ...(cursor.token ? { nextPageToken: cursor.token } : {}),
    };
    try {
      const response = await calls.once(
        within(skips ? SKIP_DEADLINE : POLL_DEADLINE),
        async () => await client.workflowService.getWorkflowExecutionHistory(request),
        signal,
      );
      const events = response.history?.events ?? [];
      if (skips && events.length === 0 && !response.nextPageToken?.length) {
        cursor.whole = true;
        return undefined;
      }
      advance(cursor, response.nextPageToken, events);
      // Something may have happened before that position but after the followers' last read.
      if (skips) return 'ending';
      if (events.length === 0) return undefined;
      return events.some((event) => ENDING.has(event.eventType ?? 0)) ? 'ending' : 'news';
    } catch (error) {
      // This server does not answer in time without news, so read the history from the beginning.
      if (skips && isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) cursor.whole = true;
      if (grpcCode(error) === GRPC.DEADLINE_EXCEEDED) {
        if (skips) cursor.whole = true;
        return undefined;
      }
      throw error;
    } finally {
      unlink();
    }
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** The run of the workflow's chain to poll next, and the position in its history. */
interface Cursor {
  runId?: string;
  token?: Uint8Array;
  /** The existing history could not be skipped, so it is read. */
  whole?: boolean;
  /** The last run's history is complete, so no more events will come. */
  closed?: boolean;
}

/** Makes the cursor begin at the end of the newest run. */
function beginAgain(cursor: Cursor): void {
  delete cursor.runId;
  delete cursor.token;
  delete cursor.whole;
  delete cursor.closed;
}

function advance(
  cursor: Cursor,
  token: Uint8Array | null | undefined,
  events: readonly temporal.api.history.v1.IHistoryEvent[],
): void {
  const next = events.map(nextRun).find(Boolean);
  if (next) {
    cursor.runId = next;
    delete cursor.token;
  } else if (token && token.length > 0) {
    cursor.token = token;
  } else {
    cursor.closed = true;
  }
}

/** Returns the run that continues this one (continue-as-new, retry or cron), which its last event names. */
function nextRun(event: temporal.api.history.v1.IHistoryEvent): string | undefined {
  return (
    event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ||
    event.workflowExecutionFailedEventAttributes?.newExecutionRunId ||
    event.workflowExecutionTimedOutEventAttributes?.newExecutionRunId ||
    event.workflowExecutionCompletedEventAttributes?.newExecutionRunId ||
    undefined
  );
}
