/**
 * Notices the ends of tasks that have no long poll: one query of the visibility store, repeated, serves any number of
 * them. The store lags behind, so the query's windows overlap. It does not show that someone asked to cancel a task, and
 * may show a task late, so the tasks are also read in turn, slowly.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import type { Logger } from '../../local/log.js';
import { EVERY_ID, idRange, tagOf } from '../../task/id.js';
import { inRanges } from '../list/in-ranges.js';
import { DEADLINE, GRPC, grpcCode, within, type Calls } from '../rpc/calls.js';
import { refusal } from '../rpc/refusal.js';
import { optionalTsToMs } from '../seam.js';
import type { ClosedRun } from './closed-run.js';

type Row = temporal.api.workflow.v1.IWorkflowExecutionInfo;

export interface ClosedSincePace {
  /** The pause between two queries while they succeed, in milliseconds, and the longest one while they fail. */
  readonly pause: { readonly shortest: number; readonly longest: number };
  /**
   * How far a query's window reaches back before the newest end that was seen, in milliseconds: usually, and in a query
   * each `every` milliseconds, for tasks that the store shows late.
   */
  readonly overlap: { readonly usual: number; readonly wide: number; readonly every: number };
  /** How many rows are on a page, and how many pages a query may have. */
  readonly pages: { readonly rows: number; readonly most: number };
  /** How often each task is read in turn, in milliseconds, and how many of them at most each second. */
  readonly turn: { readonly every: number; readonly perSecond: number };
}

/** Temporal allows 10 queries a second per namespace and frontend by default, from all clients together. */
const PACE: ClosedSincePace = {
  pause: { shortest: 750, longest: 10_000 },
  overlap: { usual: 5_000, wide: 60_000, every: 10_000 },
  pages: { rows: 500, most: 20 },
  turn: { every: 60_000, perSecond: 10 },
};
/** By how much the pause varies, so that the queries of many processes spread. */
const SPREAD = 0.2;
/**
 * The pause grows at once when Temporal has too many requests, and shrinks slowly, so that processes leave room for
 * others. After any other failure, only the next pauses are longer.
 */
const [GROWTH, SHRINKING] = [2, 0.9];
/** How far Temporal's clock may be ahead of this process's, in milliseconds. */
const FUTURE = 86_400_000;
/** The pause before the next page, in milliseconds. */
const NEXT_PAGE = 100;
/**
 * When the watchers no longer rely on the queries: after this many failures in a row, spread over at least this time in
 * milliseconds. A process that has merely stalled fails once.
 */
const PATIENCE = { failures: 4, time: 15_000 };
/** With more owners than this, a query covers the tasks of all owners. */
const MOST_OWNERS = 10;

/** Called when a run of the task has closed, and without one when the task should be read in its turn. */
export type Notice = (closed?: ClosedRun) => void;

/** A task whose end is awaited. */
interface Wait {
  readonly notice: Notice;
  /** The newest end of a run of this task that was noticed, in milliseconds since 1970. */
  seen: number;
}

export class ClosedSince {
  /** By task ID. Those that were read last are at the end. */
  readonly #waits = new Map<string, Wait>();
  /** How many of them have each owner tag. */
  readonly #tags = new Map<string, number>();
  #running = false;
  #pause: number;
  /** Where the first window begins, in milliseconds since 1970. */
  #begin = 0;
  /** How many queries have failed in a row, and when the first of them did, in milliseconds since 1970. */
  #failures = 0;
  #failingSince = 0;
  #wideAt = 0;
  #turnedAt = 0;
  /** The newest end that was seen, on Temporal's clock, in milliseconds since 1970. */
  #newest: number | undefined;
  #covers = false;
  #logged = false;

  constructor(
    private readonly calls: Calls,
    private readonly logger?: Pick<Logger, 'warn' | 'info'>,
    private readonly pace: ClosedSincePace = PACE,
  ) {
    this.#pause = pace.pause.shortest;
  }

  /** Whether the ends of these tasks will be noticed soon. If not, each has to be read on its own. */
  get covers(): boolean {
    return this.#covers;
  }

  /**
   * Waits for the end of a task.
   * @returns the function that ends the wait
   */
  add(id: string, notice: Notice): () => void {
    const wait: Wait = { notice, seen: 0 };
    this.#waits.set(id, wait);
    this.#count(id, 1);
    if (!this.#running) void this.#run();
    return () => {
      if (this.#waits.get(id) !== wait) return;
      this.#waits.delete(id);
      this.#count(id, -1);
    };
  }

  #count(id: string, more: number): void {
    const tag = tagOf(id) ?? '';
    const waits = (this.#tags.get(tag) ?? 0) + more;
    if (waits > 0) this.#tags.set(tag, waits);
    else this.#tags.delete(tag);
  }

  async #run(): Promise<void> {
    const { closing } = this.calls;
    const { overlap } = this.pace;
    this.#running = true;
    this.#turnedAt = Date.now();
    this.#begin = Date.now() - overlap.wide;
    this.#failures = 0;
    this.#newest = undefined;
    this.#wideAt = 0;
    while (this.#waits.size > 0 && !closing.aborted) {
      const begun = Date.now();
      try {
        await this.#query();
        this.#succeeded();
      } catch (error) {
        if (!closing.aborted) this.#failed(error);
      }
      if (this.#covers) this.#takeTurns();
      else this.#turnedAt = Date.now();
      const pause = Math.max(this.#nextPause(), Date.now() - begun);
      await delay(pause * (1 - SPREAD + 2 * SPREAD * Math.random()), undefined, { signal: closing }).catch(() => {});
    }
    this.#covers = false;
    this.#running = false;
  }

  async #query(): Promise<void> {
    const { overlap, pages } = this.pace;
    const now = Date.now();
    const wide = now >= this.#wideAt;
    const since = this.#newest === undefined ? this.#begin : this.#newest - (wide ? overlap.wide : overlap.usual);
    // In SQL stores, runs that have not closed have a close time in the distant future. A run that continued as new is
    // not the end of its task.
    const [from, to] = [since, now + FUTURE].map((time) => new Date(time).toISOString());
    const query = `CloseTime BETWEEN '${from}' AND '${to}' AND (${inRanges(this.#ranges())}) AND ExecutionStatus != 'ContinuedAsNew'`;
    let token: Uint8Array | undefined;
    for (let page = 0; page < pages.most; page++) {
      if (token) await delay(NEXT_PAGE, undefined, { signal: this.calls.closing });
      const { rows, next } = await this.#page(query, token);
      for (const row of rows) this.#see(row);
      token = next;
      if (!token) break;
    }
    if (wide) this.#wideAt = now + overlap.every;
  }

  async #page(query: string, from: Uint8Array | undefined): Promise<{ rows: Row[]; next: Uint8Array | undefined }> {
    const { client } = this.calls;
    const request = {
      namespace: client.options.namespace,
      query,
      pageSize: this.pace.pages.rows,
      ...(from ? { nextPageToken: from } : {}),
    };
    const { executions, nextPageToken } = await this.calls.once(
      within(DEADLINE.list),
      async () => await client.workflowService.listWorkflowExecutions(request),
    );
    return { rows: executions ?? [], next: nextPageToken?.length ? nextPageToken : undefined };
  }

  #ranges(): (readonly [from: string, to: string])[] {
    const tags = [...this.#tags.keys()];
    return tags.length > MOST_OWNERS ? [EVERY_ID] : tags.map(idRange);
  }

  #see({ execution, closeTime, historyLength, historySizeBytes }: Row): void {
    const closedAt = optionalTsToMs(closeTime);
    if (closedAt === undefined) return;
    this.#newest = Math.max(this.#newest ?? 0, closedAt);
    const wait = this.#waits.get(execution?.workflowId ?? '');
    if (!wait || closedAt <= wait.seen) return;
    wait.seen = closedAt;
    wait.notice({
      runId: execution?.runId ?? '',
      events: Number(historyLength ?? 0),
      bytes: Number(historySizeBytes ?? 0),
    });
  }

  /** Reads those tasks whose turn it is. */
  #takeTurns(): void {
    const { every, perSecond } = this.pace.turn;
    const rate = Math.min(this.#waits.size / every, perSecond / 1_000);
    const due = Math.min((Date.now() - this.#turnedAt) * rate, this.#waits.size);
    const number = Math.floor(due);
    if (number === 0) return;
    // The rest of the time counts for the next turns.
    this.#turnedAt = Date.now() - (due - number) / rate;
    let turns = 0;
    for (const [id, wait] of this.#waits) {
      if (turns++ >= number) break;
      this.#waits.delete(id);
      this.#waits.set(id, wait);
      wait.notice();
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#pause = Math.max(this.#pause * SHRINKING, this.pace.pause.shortest);
    this.#covers = true;
    if (this.#logged) this.logger?.info({}, "Temporal's visibility store answers again");
    this.#logged = false;
  }

  #nextPause(): number {
    return Math.min(this.#pause * GROWTH ** this.#failures, this.pace.pause.longest);
  }

  #failed(error: unknown): void {
    if (grpcCode(error) === GRPC.RESOURCE_EXHAUSTED) this.#pause = this.#nextPause();
    if (this.#failures++ === 0) this.#failingSince = Date.now();
    const isShort = this.#failures < PATIENCE.failures || Date.now() - this.#failingSince < PATIENCE.time;
    // A short outage is only a delay, but a refusal will not pass.
    if (refusal(error) === undefined && isShort) return;
    this.#covers = false;
    if (this.#logged) return;
    this.#logged = true;
    this.logger?.warn(
      { err: error, waits: this.#waits.size },
      "Temporal's visibility store does not say which tasks have ended. Until it does, every task without a long poll is read on its own, and its result may arrive late. Check that this server may call ListWorkflowExecutions",
    );
  }
}
