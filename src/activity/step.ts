/**
 * Wraps a function as a Temporal activity that heartbeats automatically. Each heartbeat carries both progress and
 * checkpoint, so that neither is lost in a status or a retry.
 * @module
 */
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, type Duration } from '@temporalio/common';
import { begin } from '../task/attempts.js';
import { advance, withReport, type AttemptRecord, type HeartbeatDetails, type Progress } from '../task/progress.js';
import { isStepCall, type StepCall } from '../task/step-call.js';
import type { StepContext } from '../task/step-context.js';
import { cutError } from '../limits/cut-error.js';
import { calledWith } from './called-with.js';
import { isRetryable, toFailure, withReports } from './failure.js';
import { attemptOf, canBePassedOn, interrupted, isShutdown } from './interruption.js';
import { reportedResult } from './reported-result.js';
import { hasRoom, shortRun } from './short-run.js';
import { checkCheckpoint, fittingResult } from './sizes.js';
import { snapshot } from './snapshot.js';

/** The longest pause between two heartbeats of a step that reports nothing, in milliseconds. */
const LONGEST_SILENCE = 5_000;
/** The shortest pause between two heartbeats, in milliseconds, however often the step reports. */
const SHORTEST_PAUSE = 1_000;
/** The maximum length of a failure's message in a heartbeat, in characters. */
const LONGEST_FAILURE = 300;

/**
 * Turns `run` into an activity.
 *
 * - The activity heartbeats at every quarter of its `heartbeatTimeout`, and at least every 5 s. Without a
 *   `heartbeatTimeout`, it heartbeats only when progress or a checkpoint is reported, at most once a second.
 * - Each heartbeat carries the last 20 progress reports and the newest checkpoint, starting with those of the previous
 *   attempt. Reports made after the last heartbeat come with the result.
 * - An encoded result of more than 2,000,000 bytes is a `ToolError`, unless external storage takes it. So is a
 *   checkpoint of more than 1,000,000 bytes. Error messages are cut after 100,000 characters.
 * - Programming errors, validation errors and `ToolError` are not retried. The retry policy applies to all others.
 * - In workflows of a worker made by `createWorker` or with `McpTasksPlugin`, only failures use up the attempts of the
 *   retry policy. If the worker shuts down, the step continues on another one. A lost worker counts as a failure only
 *   if the step had not passed its highest progress so far, or its highest checkpoint if checkpoints are numbers.
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
  run: Run<Args, Result, Checkpoint>,
): (args: Args) => Promise<Result> {
  return async (args, given?: unknown) => {
    const activity = Context.current();
    const call = isStepCall(given) ? given : calledWith(activity);
    if (isStepCall(given) && activity.info.isLocal) return await runLocally(activity, run, args, given);
    const before = begin(call ?? { mcpStep: 1 }, attemptOf(activity));
    if (call && before.handBack && (await canBePassedOn(activity, args, before)))
      throw interrupted(before, 'The step is scheduled again with its remaining attempts');
    const reporter = new Reporter<Checkpoint>(activity, before);
    reporter.start();
    try {
      const result = await run(args, reporter);
      return call ? await reportedResult(activity, result, reporter.reports) : await fittingResult(activity, result);
    } catch (error) {
      const next = call && isShutdown(activity) ? reporter.handedBack() : undefined;
      if (next && (await canBePassedOn(activity, args, next))) throw interrupted(next, 'The worker shut down');
      // A cancelled step often fails with an error of the operation it awaited. Report the cancellation instead.
      if (activity.cancellationSignal.aborted)
        throw error instanceof CancelledFailure ? error : activity.cancellationSignal.reason;
      if (error instanceof CompleteAsyncError) throw error;
      const failure = cutError(toFailure(error));
      const isLast = reporter.failed(failure);
      // An author's workflow, whose call comes in the headers, sees the failure as its step threw it.
      throw isLast && isStepCall(given) ? withReports(failure, reporter.reports) : failure;
    } finally {
      reporter.stop();
    }
  };
}

type Run<Args, Result, Checkpoint> = (args: Args, ctx: StepContext<Checkpoint>) => Promise<Result>;

/**
 * Runs a step as a local activity, and aborts its signal after 2 s. Unless it returns a result or fails for good, the
 * workflow schedules a normal activity, which continues the step.
 */
async function runLocally<Args, Result, Checkpoint>(
  activity: Context,
  run: Run<Args, Result, Checkpoint>,
  args: Args,
  call: StepCall,
): Promise<Result> {
  if (!hasRoom())
    throw interrupted(call, 'Too many short tools are running in this process; a normal activity runs the step');
  return await shortRun(activity, async (over) => {
    const reporter = new Reporter<Checkpoint>(activity, call, over);
    try {
      return await reportedResult(activity, await run(args, reporter), reporter.reports);
    } catch (error) {
      // An aborted function often fails with an error of the operation it awaited. Local activities can't be completed
      // asynchronously.
      if (over.aborted || isShutdown(activity) || error instanceof CompleteAsyncError)
        throw await continued(activity, args, reporter.handedBack());
      if (activity.cancellationSignal.aborted) throw activity.cancellationSignal.reason;
      const failure = cutError(toFailure(error));
      if (call.maximumAttempts === 1 || !isRetryable(failure)) throw withReports(failure, reporter.reports);
      const lastFailure = shortText(failure);
      const pause = failure instanceof ApplicationFailure ? failure.nextRetryDelay : undefined;
      throw await continued(activity, args, { ...reporter.handedBack(), failures: 1, lastFailure }, pause);
    }
  });
}

/**
 * Returns the failure with which a normal activity continues the step. If its checkpoint is too large, it starts from
 * the beginning.
 */
async function continued(
  activity: Context,
  args: unknown,
  call: StepCall,
  pause?: Duration | null,
): Promise<ApplicationFailure> {
  const { mcpStep, starts = 1, failures = 0 } = call;
  const passedOn = (await canBePassedOn(activity, args, call)) ? call : { mcpStep, starts, failures };
  return interrupted(passedOn, 'An activity continues the step', pause);
}

function shortText(failure: unknown): string {
  return (failure instanceof Error ? failure.message : String(failure)).slice(0, LONGEST_FAILURE);
}

class Reporter<Checkpoint> implements StepContext<Checkpoint> {
  readonly taskId: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly lastCheckpoint: Checkpoint | undefined;
  #details: HeartbeatDetails;
  #record: AttemptRecord;
  #timer: NodeJS.Timeout | undefined;
  /** When the last heartbeat was sent, and the timer that sends the next one. */
  #sentAt = -Infinity;
  #next: NodeJS.Timeout | undefined;

  /**
   * @param before what is known from earlier attempts
   * @param over set for a local activity, which can't heartbeat: aborted when the function must end so that a normal
   *   activity can continue
   */
  constructor(
    private readonly activity: Context,
    private readonly before: StepCall,
    private readonly over?: AbortSignal,
  ) {
    const { starts = 0, lastFailure, details = { mcpTask: 1, changedAt: Date.now() } } = before;
    this.#record = {
      number: starts + 1,
      startedAt: Date.now(),
      passed: false,
      ...(lastFailure === undefined ? {} : { lastFailure }),
    };
    this.#details = details;
    // A copy, because the step may change it.
    this.lastCheckpoint = snapshot(details.checkpoint as Checkpoint | undefined, activity);
    this.taskId = activity.info.workflowExecution?.workflowId ?? activity.info.activityId;
    this.attempt = this.#record.number;
    this.signal = over ? AbortSignal.any([activity.cancellationSignal, over]) : activity.cancellationSignal;
  }

  start(): void {
    // Keeps the previous attempt's checkpoint if this one dies before its first report.
    if (this.attempt > 1) this.#heartbeat();
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

  /** Returns the call with which another worker continues the step. */
  handedBack(): StepCall {
    return { ...this.before, starts: this.attempt, details: this.#details };
  }

  /** Tells the next attempt, if there is one, that this one failed. Returns whether this was the last attempt. */
  failed(failure: unknown): boolean {
    const { attempt, retryPolicy } = this.activity.info;
    const { maximumAttempts = 0 } = retryPolicy ?? {};
    const isLast = !isRetryable(failure) || (maximumAttempts > 0 && attempt >= maximumAttempts);
    if (isLast) return true;
    this.#record = { ...this.#record, failed: true, lastFailure: shortText(failure) };
    // Temporal's SDK sends this before the failure.
    this.#heartbeat();
    return false;
  }

  // Bound, because authors destructure the context.
  readonly progress = (done: number, total?: number, message?: string): void => {
    const last = this.#details.progress;
    const progress = advance(last, done, total, message);
    if (!progress) return;
    if (progress.progress > (last?.progress ?? -Infinity)) this.#pass();
    this.#report({ progress, reports: withReport(this.#details.reports, progress) });
  };

  readonly checkpoint = (value: Checkpoint): void => {
    const copy = snapshot(value, this.activity);
    checkCheckpoint(copy);
    const { furthest = -Infinity } = this.#details;
    const isFurther = typeof copy === 'number' && copy > furthest;
    if (isFurther) this.#pass();
    this.#report({ checkpoint: copy, ...(isFurther ? { furthest: copy } : {}) });
  };

  #pass(): void {
    this.#record = { ...this.#record, passed: true };
  }

  #report(news: Partial<HeartbeatDetails>): void {
    this.#details = { ...this.#details, changedAt: Date.now(), ...news };
    if (this.over) return;
    const pause = this.#sentAt + SHORTEST_PAUSE - Date.now();
    if (pause <= 0) this.#heartbeat();
    else this.#next ??= setTimeout(() => this.#heartbeat(), pause);
  }

  #heartbeat(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#sentAt = Date.now();
    this.activity.heartbeat({ ...this.#details, attempt: this.#record });
  }
}
