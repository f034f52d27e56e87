/**
 * Follows workflow histories by long poll, with one poll per watched task in this process, however many callers wait
 * for it. A server allows a limited number of long polls (by default 1,200 per namespace and frontend, shared by all
 * clients), so there is a budget. Once it is used up, further tasks are read on a timer until a poll is free.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import { GRPC, grpcCode, within, type Calls } from '../rpc/calls.js';
import { isMcpTasksError } from '../../task/errors.js';
import { EventType, HistoryEventFilterType } from '../rpc/proto.js';
import { refusal } from '../rpc/refusal.js';

/** The deadline of one long poll, in milliseconds. The server answers an idle one after about 20 s. */
const POLL_DEADLINE = 60_000;
/**
 * The deadline for skipping the existing history, in milliseconds. A long poll this short is answered at once, with the
 * position to continue from.
 */
const SKIP_DEADLINE = 500;
/** The interval of the timer that replaces a long poll, in milliseconds. */
const TIMER = 2_000;
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
export type Listener = (tick: Tick) => void;

interface Tail {
  readonly listeners: Set<Listener>;
  readonly stop: AbortController;
}

export class HistoryTails {
  readonly #tails = new Map<string, Tail>();
  #polls = 0;

  constructor(
    private readonly calls: Calls,
    /** The maximum number of concurrent long polls. */
    private readonly budget: number,
  ) {}

  /**
   * Calls `listener` each time the workflow's history grows, until the returned function is called. The first listener
   * of a workflow is also called once for the existing history, which is skipped: it may be long, and its payloads
   * large.
   */
  follow(workflowId: string, listener: Listener): () => void {
    let tail = this.#tails.get(workflowId);
    if (!tail) {
      tail = { listeners: new Set(), stop: new AbortController() };
      this.#tails.set(workflowId, tail);
      void this.#run(workflowId, tail);
    }
    const mine = tail;
    mine.listeners.add(listener);
    return () => {
      mine.listeners.delete(listener);
      if (mine.listeners.size === 0) this.#end(workflowId, mine);
    };
  }

  close(): void {
    for (const [workflowId, tail] of this.#tails) this.#end(workflowId, tail);
  }

  #end(workflowId: string, tail: Tail): void {
    tail.stop.abort();
    if (this.#tails.get(workflowId) === tail) this.#tails.delete(workflowId);
  }

  async #run(workflowId: string, { listeners, stop: { signal } }: Tail): Promise<void> {
    let cursor: Cursor = {};
    let pause = PAUSE.first;
    while (!signal.aborted) {
      let over = false;
      try {
        const tick = this.#polls < this.budget ? await this.#poll(workflowId, cursor, signal) : await timer(signal);
        pause = PAUSE.first;
        if (tick) for (const listener of listeners) listener(tick);
        over = cursor.closed === true;
      } catch (error) {
        over = grpcCode(error) === GRPC.NOT_FOUND;
        // Wake the waiters: their own read surfaces the refusal.
        if (over || refusal(error) !== undefined) for (const listener of listeners) listener('ending');
        // Any other error (cluster unavailable, rate limit, too many long polls) is transient, so the waiters keep
        // waiting.
        if (!over) await pauseFor(pause, signal);
        pause = Math.min(pause * 2, PAUSE.longest);
      }
      if (!over) continue;
      // A waiter that reads an outcome leaves now. Otherwise it waits for another run, such as one created by an
      // operator's reset.
      await pauseFor(TIMER, signal);
      cursor = {};
    }
  }

  async #poll(workflowId: string, cursor: Cursor, signal: AbortSignal): Promise<Tick | undefined> {
    const { client } = this.calls;
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
    this.#polls++;
    try {
      const response = await this.calls.once(
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
      // Something may have happened before that position but after the waiters' last read.
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
      this.#polls--;
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

async function timer(signal: AbortSignal): Promise<Tick> {
  await delay(TIMER, undefined, { signal });
  return 'ending';
}
