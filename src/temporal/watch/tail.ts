/**
 * Follows a workflow's history by long poll, within a budget. While it has no long poll, the watcher must read the task
 * on its own.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import { GRPC, grpcCode, within, type Calls } from '../rpc/calls.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { Closing } from '../read/end.js';
import { HistoryEventFilterType } from '../rpc/proto.js';
import { linkSignals } from '../rpc/signals.js';
import { refusal } from '../rpc/refusal.js';
import type { ClosedRun } from './closed-run.js';
import type { ClosedSince } from './closed-since.js';
import { asksToCancel, causeOf, nextRunOf } from './events.js';
import type { Cause } from './follower.js';
import type { PollBudget, Slot } from './poll-budget.js';

/** The deadline of one long poll, in milliseconds. The server answers an idle one after about 20 s. */
const POLL_DEADLINE = 60_000;
/**
 * The deadline for skipping the existing history, in milliseconds. A long poll this short is answered at once, with the
 * position to continue from.
 */
const SKIP_DEADLINE = 500;
/**
 * The deadline for skipping it if only the end matters, in milliseconds. The server waits for the end for a second
 * less, so following a task that ends within 2 s takes a single long poll.
 */
const PATIENT_DEADLINE = 3_000;
/** How long to wait before trying again to find another run, in milliseconds. */
const NEXT_RUN = 2_000;
/** How long to wait before asking again for a long poll, in milliseconds. */
const NEXT_SLOT = 10_000;
/** How long to wait after a failed poll, in milliseconds: the first time, and at most. */
const PAUSE = { first: 200, longest: 5_000 };

export interface Tick {
  readonly cause: Cause;
  readonly closing?: ObservedClosing;
  /** The run that has closed, if only the visibility store has shown that. */
  readonly closed?: ClosedRun;
  /** Whether the task is read only because it is its turn: nothing is known to have happened. */
  readonly inTurn?: boolean;
}

/** The event that closed the run, unless the tail has seen a request to cancel it. */
export interface ObservedClosing extends Closing {
  /**
   * The {@link HistoryTail.position} since which the tail has seen every event up to the closing one. 0 if it has seen
   * only the closing event.
   */
  readonly since: number;
}

export interface TailOptions {
  readonly calls: Calls;
  readonly budget: PollBudget;
  /** Notices the end while there is no long poll. */
  readonly closed: ClosedSince;
  readonly workflowId: string;
  /** The run to begin with. */
  readonly runId: string;
  /** Whose share of the budget the long poll takes. */
  readonly owner: string;
  /** Returns whether only the end matters. */
  readonly onlyEnd: () => boolean;
  /** Returns whether nobody needs more than the end, so that the long poll may go to another task. */
  readonly isLoose: () => boolean;
  /**
   * Called each time the history has grown, and once for the existing history, which is skipped: it may be long, and
   * its payloads large.
   */
  readonly listener: (tick: Tick) => void;
}

export class HistoryTail {
  /** Made with the first long poll: thousands of tails may never get one. */
  #stop: AbortController | undefined;
  #hurry: AbortController | undefined;
  #stopped = false;
  #polling = false;
  /** Whether the server has refused the last long poll because it has too many. */
  #refused = false;
  /** Ends the wait for the end without a long poll. */
  #leave: (() => void) | undefined;
  /** When to ask for a long poll again, in milliseconds since 1970. */
  #seekAt = 0;
  #position = 0;
  #cancelled = false;
  readonly #cursor: Cursor;

  constructor(private readonly options: TailOptions) {
    this.#cursor = { runId: options.runId };
    this.#start();
  }

  /** Whether there is no long poll, so that the listener is called at most for the end. */
  get blind(): boolean {
    return this.#leave !== undefined;
  }

  /**
   * Counts how often the tail has begun to see all events. It doesn't know what happened before that. 0 means not yet.
   */
  get position(): number {
    return this.#position;
  }

  /** Stops waiting for the end alone, because other events now matter too. */
  hurry(): void {
    if (this.#polling) this.#hurry?.abort();
    else this.#start();
  }

  /** Asks for a long poll again from time to time, if it has none. Call it every second. */
  seek(): void {
    if (!this.#polling && Date.now() >= this.#seekAt) this.#start();
  }

  stop(): void {
    this.#stopped = true;
    this.#stop?.abort();
    this.#setBlind(false);
  }

  #start(): void {
    const slot = this.#take();
    if (slot) void this.#run(slot);
  }

  #take(): Slot | undefined {
    if (this.#stopped) return undefined;
    const { budget, owner, isLoose } = this.options;
    const slot = budget.take(owner, isLoose);
    if (!slot) this.#seekAt = Date.now() + NEXT_SLOT;
    this.#setBlind(this.#refused || slot === undefined);
    return slot;
  }

  /** Polls until it is stopped or gets no more long polls. */
  async #run(first: Slot): Promise<void> {
    const { listener } = this.options;
    const { signal } = (this.#stop ??= new AbortController());
    const cursor = this.#cursor;
    let pause = PAUSE.first;
    this.#polling = true;
    for (let slot: Slot | undefined = first; slot; slot = this.#take()) {
      let over = false;
      try {
        const tick = await this.#poll(cursor, slot.lost);
        pause = PAUSE.first;
        this.#refused = false;
        if (tick) listener(tick);
        over = cursor.closed === true;
      } catch (error) {
        slot.release();
        if (signal.aborted || slot.lost.aborted || this.#isHurried(cursor)) continue;
        over = grpcCode(error) === GRPC.NOT_FOUND;
        // Wake the followers: their own read surfaces the refusal.
        if (over || refusal(error) !== undefined) listener({ cause: 'ending' });
        // All clients together have used up the server's long polls, or its rate limit.
        this.#refused = grpcCode(error) === GRPC.RESOURCE_EXHAUSTED;
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
    this.#polling = false;
  }

  #setBlind(blind: boolean): void {
    if (blind === this.blind) return;
    const { closed, workflowId, listener } = this.options;
    const notice = (run?: ClosedRun): void =>
      listener({ cause: 'ending', ...(run ? { closed: run } : { inTurn: true }) });
    this.#leave?.();
    this.#leave = blind ? closed.add(workflowId, notice) : undefined;
  }

  /** Whether the tail was still waiting for the end alone when other events began to matter. */
  #isHurried({ mode }: Cursor): boolean {
    return mode === undefined && this.#hurry?.signal.aborted === true;
  }

  async #poll(cursor: Cursor, lost: AbortSignal): Promise<Tick | undefined> {
    const patient = cursor.mode === undefined && !cursor.tried && this.options.onlyEnd();
    this.#hurry = patient ? new AbortController() : undefined;
    const { signal, unlink } = linkSignals(this.#stop?.signal, lost, this.#hurry?.signal);
    try {
      return cursor.mode === undefined
        ? await this.#skip(cursor, patient ? PATIENT_DEADLINE : SKIP_DEADLINE, signal)
        : await this.#follow(cursor, signal);
    } finally {
      unlink();
    }
  }

  /** Skips the existing history, or waits for the end alone. */
  async #skip(cursor: Cursor, deadline: number, signal: AbortSignal): Promise<Tick | undefined> {
    try {
      const { events, token } = await this.#history(cursor, deadline, signal);
      const [closing] = events;
      if (closing) return this.#seen(cursor, token, events, 0);
      if (!token) {
        this.#begin(cursor, 'whole');
        return undefined;
      }
      this.#begin(cursor, 'rest');
      cursor.token = token;
      // Something may have happened before that position but after the followers' last read.
      return { cause: 'ending' };
    } catch (error) {
      const late = grpcCode(error) === GRPC.DEADLINE_EXCEEDED;
      if (signal.aborted || !(late || isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE'))) throw error;
      // This server does not answer in time without news, so read the history from the beginning.
      if (deadline === SKIP_DEADLINE) this.#begin(cursor, 'whole');
      cursor.tried = true;
      if (!late) throw error;
      return undefined;
    }
  }

  async #follow(cursor: Cursor, signal: AbortSignal): Promise<Tick | undefined> {
    try {
      const { events, token } = await this.#history(cursor, POLL_DEADLINE, signal);
      return this.#seen(cursor, token, events, this.#position);
    } catch (error) {
      if (grpcCode(error) === GRPC.DEADLINE_EXCEEDED) return undefined;
      throw error;
    }
  }

  /** From now on, all events are seen: the rest of the history, or the whole. */
  #begin(cursor: Cursor, mode: 'rest' | 'whole'): void {
    cursor.mode = mode;
    this.#position++;
  }

  #seen(
    cursor: Cursor,
    token: Uint8Array | undefined,
    events: readonly HistoryEvent[],
    since: number,
  ): Tick | undefined {
    const { runId } = cursor;
    const next = events.map(nextRunOf).find(Boolean);
    if (next) {
      cursor.runId = next;
      delete cursor.token;
      // The new run is read from its beginning, but what happened in the old one is unknown if only its end was seen.
      if (cursor.mode === undefined) this.#begin(cursor, 'rest');
    } else if (token) cursor.token = token;
    else cursor.closed = true;
    this.#cancelled ||= events.some(asksToCancel);
    const cause = since === 0 ? 'ending' : causeOf(events);
    const event = events.at(-1);
    if (!cause || !event || !cursor.closed || runId === undefined || this.#cancelled) return cause && { cause };
    return { cause, closing: { runId, event, since } };
  }

  async #history(
    { runId, token, mode }: Cursor,
    deadline: number,
    signal: AbortSignal,
  ): Promise<{ readonly events: readonly HistoryEvent[]; readonly token: Uint8Array | undefined }> {
    const { calls, workflowId } = this.options;
    const { client } = calls;
    const request = {
      namespace: client.options.namespace,
      execution: { workflowId, ...(runId ? { runId } : {}) },
      waitNewEvent: true,
      skipArchival: true,
      // With this filter the server begins at the end. The next poll, without it, continues from there with all events.
      ...(mode === undefined
        ? { historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT }
        : {}),
      ...(token ? { nextPageToken: token } : {}),
    };
    const { history, nextPageToken } = await calls.once(
      within(deadline),
      async () => await client.workflowService.getWorkflowExecutionHistory(request),
      signal,
    );
    return { events: history?.events ?? [], token: nextPageToken?.length ? nextPageToken : undefined };
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** The run of the workflow's chain to poll next, and the position in its history. */
interface Cursor {
  runId?: string;
  token?: Uint8Array;
  /** Which events are seen: those after a position, or all. Absent before the existing history has been skipped. */
  mode?: 'rest' | 'whole';
  /** The server has already failed to answer in time when asked to wait for the end alone. */
  tried?: boolean;
  /** The last run's history is complete, so no more events will come. */
  closed?: boolean;
}

/** Makes the cursor begin at the end of the newest run. */
function beginAgain(cursor: Cursor): void {
  for (const key of Object.keys(cursor)) delete cursor[key as keyof Cursor];
}
