/**
 * Wraps a function as a Temporal activity that heartbeats automatically. Each heartbeat carries both progress and
 * checkpoint, so that neither is lost in a status or a retry.
 * @module
 */
import { Context } from '@temporalio/activity';
import { advance, isHeartbeatDetails, withReport, type HeartbeatDetails, type Progress } from '../task/progress.js';
import { isStepCall } from '../task/step-call.js';
import type { StepContext } from '../task/step-context.js';
import { cutError } from '../limits/cut-error.js';
import { calledWith } from './called-with.js';
import { isRetryable, toFailure, withReports } from './failure.js';
import { checkCheckpoint, fittingResult, reportedResult } from './sizes.js';
import { snapshot } from './snapshot.js';

/** The longest pause between two heartbeats of a step that reports nothing, in milliseconds. */
const LONGEST_SILENCE = 5_000;
/** The shortest pause between two heartbeats, in milliseconds, however often the step reports. */
const SHORTEST_PAUSE = 1_000;

/**
 * Turns `run` into an activity.
 *
 * - The activity heartbeats at every quarter of its `heartbeatTimeout`, and at least every 5 s. Without a
 *   `heartbeatTimeout`, it heartbeats only when progress or a checkpoint is reported, at most once a second.
 * - Each heartbeat carries the last 20 reports of progress and the newest checkpoint, starting with those of the previous
 *   attempt. Reports after the last heartbeat come with the result.
 * - A result of more than 2,000,000 bytes as encoded, or a checkpoint of more than 1,000,000, is a `ToolError`, unless
 *   external storage takes the result. Messages of errors are cut after 100,000 characters.
 * - Programming errors, validation errors and `ToolError` are not retried. The retry policy applies to all others.
 * - `run` executes at least once, and two attempts can overlap after a lost connection, so make the work idempotent.
 * - Work that blocks the event loop stops the heartbeat, so run it in a thread.
 *
 * @example
 * export const fetchPages = step(async ({ urls }: { urls: string[] }, ctx: StepContext<number>) => {
 *   for (let i = ctx.lastCheckpoint ?? 0; i < urls.length; i++) {
 *     await save(urls[i], ctx.signal);
 *     ctx.checkpoint(i + 1);
 *     ctx.progress(i + 1, urls.length, 'pages');
 *   }
 * });
 */
export function step<Args, Result, Checkpoint = unknown>(
  run: (args: Args, ctx: StepContext<Checkpoint>) => Promise<Result>,
): (args: Args) => Promise<Result> {
  return async (args, given?: unknown) => {
    const activity = Context.current();
    const call = isStepCall(given) ? given : calledWith(activity);
    const reporter = new Reporter<Checkpoint>(activity);
    reporter.start();
    try {
      const result = await run(args, reporter);
      return call ? await reportedResult(activity, result, reporter.reports) : await fittingResult(activity, result);
    } catch (error) {
      // A cancelled step often fails with an error of the operation it awaited. Report the cancellation instead.
      if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
      const failure = cutError(toFailure(error));
      // The workflow of an author, which has its call from the headers, sees the failure as its step threw it.
      throw isStepCall(given) && reporter.isLast(failure) ? withReports(failure, reporter.reports) : failure;
    } finally {
      reporter.stop();
    }
  };
}

class Reporter<Checkpoint> implements StepContext<Checkpoint> {
  readonly taskId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly lastCheckpoint: Checkpoint | undefined;
  #details: HeartbeatDetails;
  #timer: NodeJS.Timeout | undefined;
  /** When the last heartbeat was sent, and what sends the next one. */
  #sentAt = -Infinity;
  #next: NodeJS.Timeout | undefined;

  constructor(private readonly activity: Context) {
    const { info } = activity;
    const previous: unknown = info.heartbeatDetails;
    this.#details = isHeartbeatDetails(previous) ? previous : { mcpTask: 1, changedAt: Date.now() };
    // A copy, because the step may change it.
    this.lastCheckpoint = snapshot(this.#details.checkpoint as Checkpoint | undefined, activity);
    this.taskId = info.workflowExecution?.workflowId ?? info.activityId;
    this.attempt = info.attempt;
    this.signal = activity.cancellationSignal;
  }

  start(): void {
    // A retry that dies before its first report must not lose the previous attempt's checkpoint.
    if (this.activity.info.heartbeatDetails !== undefined) this.#heartbeat();
    const timeout = this.activity.info.heartbeatTimeoutMs;
    if (!timeout) return;
    this.#timer = setInterval(() => this.#heartbeat(), Math.min(timeout / 4, LONGEST_SILENCE));
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#next);
  }

  /** The last reports of progress, oldest first. */
  get reports(): readonly Progress[] {
    return this.#details.reports ?? [];
  }

  /** Whether no attempt follows one that ends with this failure. */
  isLast(failure: unknown): boolean {
    const { maximumAttempts = 0 } = this.activity.info.retryPolicy ?? {};
    return !isRetryable(failure) || (maximumAttempts > 0 && this.activity.info.attempt >= maximumAttempts);
  }

  progress(done: number, total?: number, message?: string): void {
    const progress = advance(this.#details.progress, done, total, message);
    if (!progress) return;
    this.#report({ progress, reports: withReport(this.#details.reports, progress) });
  }

  checkpoint(value: Checkpoint): void {
    const copy = snapshot(value, this.activity);
    checkCheckpoint(copy);
    this.#report({ checkpoint: copy });
  }

  #report(news: Partial<HeartbeatDetails>): void {
    this.#details = { ...this.#details, changedAt: Date.now(), ...news };
    const pause = this.#sentAt + SHORTEST_PAUSE - Date.now();
    if (pause <= 0) this.#heartbeat();
    else this.#next ??= setTimeout(() => this.#heartbeat(), pause);
  }

  #heartbeat(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#sentAt = Date.now();
    this.activity.heartbeat(this.#details);
  }
}
