/**
 * Reads a task. Merges what Temporal knows (`describe`, which needs no worker) with what only the workflow knows (its
 * report), and adds the outcome once there is one.
 * @module
 */
import { LRUCache } from 'lru-cache';
import { McpTasksError } from '../../task/errors.js';
import type { TaskMemo } from '../../task/memo.js';
import { ASK_FIRST_WORKFLOW, REPORT_QUERY, toolWorkflow } from '../../task/names.js';
import { asProgress } from '../../task/progress.js';
import type { WorkflowMapping } from '../../task/workflow-mapping.js';
import { isExpired, type Task } from '../../task/task.js';
import { DEADLINE, taskNotFound, within, type Calls } from '../rpc/calls.js';
import { Chains, type CancelledRun } from './chain.js';
import { describe, type Description } from './describe.js';
import type { Closing } from './end.js';
import { Ends } from './ends.js';
import { Happenings } from './happened.js';
import { NewestHistory } from './history.js';
import { queryOf, questionName } from './mapped-report.js';
import { Memos } from './memos.js';
import { inputOf, OpenQuestionReader, type OpenQuestions } from './open-questions.js';
import { operatorNotice } from './operator.js';
import { PastReports } from './past-reports.js';
import { nothingReported, Reports, type Reported } from './reports.js';
import { stepsOf } from './steps.js';
import { optionalTsToMs } from '../seam.js';

/** How soon to look again if a question may already have been answered, in milliseconds. */
const UNSURE = 1_000;
/** A workflow task that has not been picked up for this long, in milliseconds, has no worker. */
const PICK_UP = 5_000;
const MOST_KNOWN = 2_000;

type Base = Pick<Task, 'id' | 'tool' | 'createdAt' | 'ttl' | 'caller' | 'mapping' | 'silent' | 'short'> &
  Partial<Pick<Task, 'endedAt'>>;

export interface View {
  readonly task: Task;
  /** The workflow run that the task was read from. */
  readonly runId: string;
  /** The length of that run's history at that time. */
  readonly historyLength: number;
  /** When to look again even if nothing happens, because there may be more to report; in milliseconds since 1970. */
  readonly lookAgainAt: number | undefined;
  /** Resolves when a query that this read stopped waiting for has ended, so there may be more to report. */
  readonly late: Promise<void> | undefined;
  /** See {@link Reported}. */
  readonly answeredAt: Reported['answeredAt'];
  /** See {@link OpenQuestions}. */
  readonly unsure: OpenQuestions['unsure'];
}

/** A task and how it was read. For a task that has ended, only the task. */
type Told = Pick<View, 'task'> & Partial<Pick<View, 'answeredAt' | 'unsure' | 'late'>>;

export interface ReadOptions {
  /** The event that closed the task's run, if it is known: reading it again would cost a request. */
  readonly closing?: Closing | undefined;
  /**
   * Whether to leave the search for what has happened since the last search to the next read, if this read has to query
   * the workflow. The result only matters once nothing else changes. Otherwise, the reports of ended steps are searched
   * for at the same time, so that {@link TaskReader.withPastReports} need not.
   * @default false
   */
  readonly frugal?: boolean;
}

export class TaskReader {
  readonly #memos: Memos;
  readonly #reports: Reports;
  readonly #pastReports: PastReports;
  readonly #history: NewestHistory;
  readonly #ends: Ends;
  readonly #chains: Chains;
  readonly #questions: OpenQuestionReader;
  readonly #happenings: Happenings;
  /** The time of last change that this process has shown, by task. */
  readonly #changedAt = new LRUCache<string, number>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {
    this.#memos = new Memos(calls);
    this.#reports = new Reports(calls);
    this.#pastReports = new PastReports(calls);
    this.#history = new NewestHistory(calls);
    this.#ends = new Ends(calls, this.#history);
    this.#chains = new Chains(calls);
    this.#questions = new OpenQuestionReader(calls);
    this.#happenings = new Happenings(calls);
  }

  /**
   * Returns the task as it is now. The caller must have checked access.
   * @param until the deadline, in milliseconds since 1970
   * @throws McpTasksError `TASK_NOT_FOUND` if there is no such task or it has expired, `TEMPORAL_UNAVAILABLE`,
   * `TEMPORAL_REFUSED`; for its payloads `PAYLOAD_UNREADABLE`, `CODEC_FAILED`, and `CONFIGURATION` if a codec server
   * refuses
   */
  async read(id: string, until: number = within(DEADLINE.read)): Promise<Task> {
    return (await this.readRun(id, until, { frugal: true })).task;
  }

  /** Reads the task like {@link read}, and returns where it was read from. */
  async readRun(id: string, until: number, options: ReadOptions = {}): Promise<View> {
    const description = await describe(this.calls, id, until);
    const memo = await this.#memos.get(description, until);
    const told = await this.#task(description, memo, until, options);
    const { task, answeredAt = new Map(), unsure = new Set(), late } = told;
    const { runId, historyLength } = description;
    const looks = [
      ...(task.outcome ? [] : [this.#reports.lookAgainAt(runId)]),
      ...(unsure.size > 0 ? [Date.now() + UNSURE] : []),
    ].filter((at) => at !== undefined);
    return {
      task,
      runId,
      historyLength,
      answeredAt,
      unsure,
      lookAgainAt: looks.length === 0 ? undefined : Math.min(...looks),
      late,
    };
  }

  /**
   * Returns the ended task from the event that closed its run, without a request. Returns `undefined` if the event is
   * not enough.
   * @param view the task before its end. Nobody may have asked to cancel it since
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE`, `CODEC_FAILED`, `CONFIGURATION` if a codec server refuses
   */
  async end({ task, runId }: Pick<View, 'task' | 'runId'>, closing: Closing, until: number): Promise<View | undefined> {
    const { id, tool, createdAt, ttl, caller, mapping, silent, short } = task;
    const endedAt = optionalTsToMs(closing.event.eventTime);
    const outcome = await this.#ends.outcomeIn(closing, id, mapping, until);
    if (endedAt === undefined || !outcome) return undefined;
    const base: Base = {
      id,
      tool,
      createdAt,
      ttl,
      ...(caller ? { caller } : {}),
      ...(mapping ? { mapping } : {}),
      ...(silent ? { silent } : {}),
      ...(short ? { short } : {}),
      endedAt,
    };
    return {
      task: { ...base, updatedAt: endedAt, outcome, inputs: {}, steps: [] },
      runId,
      historyLength: Number(closing.event.eventId),
      lookAgainAt: undefined,
      late: undefined,
      answeredAt: new Map(),
      unsure: new Set(),
    };
  }

  /**
   * Returns a view's task together with the reports of its steps that have ended.
   * @throws as {@link read}
   */
  async withPastReports({ task, runId, historyLength }: View, until: number): Promise<Task> {
    // Only this package's steps return reports, and existing workflows don't have them.
    if (task.mapping) return task;
    const pastReports = await this.#pastReports.get({ workflowId: task.id, runId }, historyLength, until);
    return pastReports.length === 0 ? task : { ...task, pastReports };
  }

  /**
   * Returns what the task's start stored.
   * @throws as {@link read}
   */
  async memo(id: string, until: number): Promise<TaskMemo> {
    return await this.#memos.get(await describe(this.calls, id, until), until);
  }

  /**
   * Returns the task's current run, and its mapping if it runs an existing workflow.
   * @throws as {@link read}
   */
  async run(id: string, until: number): Promise<{ runId: string; mapping: WorkflowMapping | undefined }> {
    const description = await describe(this.calls, id, until);
    return {
      runId: description.runId,
      mapping: mappingOf(description, await this.#memos.get(description, until)),
    };
  }

  /**
   * Whether an existing workflow is asking this question now, according to the workflow itself.
   * @param view the last view of the task
   * @throws McpTasksError `NO_WORKER` if no worker says whether the question is open; as {@link read}
   */
  async isAsked(view: View, key: string, until: number): Promise<boolean> {
    const {
      task: { id, outcome, mapping, inputs },
      answeredAt,
      historyLength,
      unsure,
    } = view;
    const input = mapping && inputOf(mapping, key);
    if (outcome || !input) return false;
    if ((answeredAt.get(queryOf(mapping, input)) ?? 0) < historyLength)
      throw new McpTasksError(
        'NO_WORKER',
        `No worker confirmed that "${key}" is still open, so the answer was not delivered. Send it again.`,
      );
    if (!unsure.has(questionName(key))) return Object.hasOwn(inputs, key);
    return await this.isAsked(await this.readRun(id, until), key, until);
  }

  /** Whether the view has the questions that this package's own workflow asks, not those of an earlier moment. */
  isCurrent({ task, answeredAt, historyLength }: View): boolean {
    return task.outcome !== undefined || (answeredAt.get(REPORT_QUERY) ?? 0) >= historyLength;
  }

  async #task(description: Description, memo: TaskMemo, until: number, options: ReadOptions): Promise<Told> {
    const { endedAt, workflowId: id } = description;
    const { tool, createdAt, ttl, resultRetention, caller } = memo;
    const mapping = mappingOf(description, memo);
    const base: Base = {
      id,
      tool,
      createdAt,
      ttl,
      ...(caller ? { caller } : {}),
      ...(mapping ? { mapping } : {}),
      ...(mapping ? {} : toolWorkflow(description.type)),
      ...(endedAt === undefined ? {} : { endedAt }),
    };
    if (isExpired({ ...base, resultRetention }, Date.now())) throw taskNotFound();
    const cancelled = await this.#chains.cancelledRun(description, until);
    if (cancelled) return { task: await this.#cancelled(base, cancelled, until) };
    if (endedAt === undefined) return await this.#open(base, description, until, options);
    return {
      task: {
        ...base,
        updatedAt: endedAt,
        outcome: await this.#ends.outcome(description, mapping, until, options.closing),
        inputs: {},
        steps: [],
      },
    };
  }

  async #open(base: Base, description: Description, until: number, { frugal }: ReadOptions): Promise<Told> {
    const { mapping } = base;
    const reports = !base.silent && !hasNotRun(description);
    const asks = reports && this.#reports.isDue(description, mapping);
    const soon = Math.min(until, within(DEADLINE.query));
    const [reported, steps, stalled, happened] = await Promise.all([
      reports ? this.#reports.get(description, mapping, until) : nothingReported(description, mapping),
      stepsOf(this.calls, description, mapping !== undefined, until),
      this.#stalled(description, until),
      hasOnlyBegun(description)
        ? this.#happenings.nothing(description)
        : ((frugal && asks ? this.#happenings.known(description) : undefined) ??
          this.#happenings.get(description, mapping, soon)),
      frugal || mapping || hasOnlyBegun(description)
        ? undefined
        : this.#pastReports.get(description, description.historyLength, soon).catch(() => undefined),
    ]);
    const { report, answeredAt, late } = reported;
    const { inputs, unsure } = await this.#questions.read(description, mapping, reported, until);
    const progress = asProgress(report?.progress);
    const changedAt = Math.max(
      base.createdAt,
      beganAt(description),
      report?.changedAt ?? 0,
      happened.stepEndedAt ?? 0,
      ...steps.map((step) => step.changedAt),
    );
    const notice = operatorNotice(description, happened.signal, changedAt);
    const task: Task = {
      ...base,
      updatedAt: this.#latest(base.id, Math.max(changedAt, happened.signal?.at ?? 0)),
      ...(notice === undefined ? {} : { notice }),
      ...(report?.message === undefined ? {} : { message: report.message }),
      ...(progress === undefined ? {} : { progress }),
      inputs,
      steps,
      ...(stalled === undefined ? {} : { stalled }),
    };
    return { task, answeredAt, unsure, late };
  }

  /**
   * Returns the task as cancelled. It is cancelled as soon as that is requested, whatever its workflow still does or
   * returns.
   */
  async #cancelled(base: Base, { runId }: CancelledRun, until: number): Promise<Task> {
    const { at, reason } = (await this.#history.cancelRequest({ workflowId: base.id, runId }, until)) ?? {};
    return {
      ...base,
      updatedAt: at ?? base.endedAt ?? this.#latest(base.id, base.createdAt),
      outcome: { kind: 'cancelled', ...(reason === undefined ? {} : { reason }) },
      inputs: {},
      steps: [],
    };
  }

  /** Returns the task's time of last change, which never decreases. */
  #latest(id: string, changedAt: number): number {
    const latest = Math.max(changedAt, this.#changedAt.get(id) ?? 0);
    this.#changedAt.set(id, latest);
    return latest;
  }

  async #stalled({ workflowId, runId, raw }: Description, until: number): Promise<string | undefined> {
    const pending = raw.pendingWorkflowTask;
    if (!pending) return undefined;
    if ((pending.attempt ?? 1) > 1) {
      const failure = await this.#history.workflowTaskFailure(workflowId, runId, until).catch(() => undefined);
      if (failure !== undefined)
        return `the workflow's code keeps failing and is retried (attempt ${pending.attempt}): ${failure}`;
    }
    const scheduled = optionalTsToMs(pending.scheduledTime) ?? Date.now();
    return !pending.startedTime && Date.now() - scheduled > PICK_UP ? 'waiting for a worker' : undefined;
  }
}

/**
 * Returns the mapping that applies. The ask-first workflow that runs before an existing one is our own, so it has none.
 */
function mappingOf({ type }: Description, memo: TaskMemo): WorkflowMapping | undefined {
  return type === ASK_FIRST_WORKFLOW ? undefined : memo.mapping;
}

/**
 * Whether the workflow's code has not run yet, so that it has nothing to report: its first workflow task ends with the
 * fourth event. A run that continues another one may have taken over questions.
 */
function hasNotRun({ runId, historyLength, raw: { workflowExecutionInfo: info } }: Description): boolean {
  return historyLength < 4 && info?.firstRunId === runId;
}

/**
 * Whether the history has nothing but the workflow's start, its first workflow task and the steps that are pending, so
 * that there is no need to read it.
 */
function hasOnlyBegun({ historyLength, raw: { pendingWorkflowTask: task, pendingActivities } }: Description): boolean {
  if (task) return historyLength <= (task.startedTime ? 3 : 2);
  return historyLength <= 4 + (pendingActivities?.length ?? 0);
}

/** Returns when the run began if it follows an earlier one, by continue-as-new or a reset; otherwise 0. */
function beganAt({ runId, raw: { workflowExecutionInfo: info, workflowExtendedInfo: more } }: Description): number {
  const began = info?.firstRunId === runId ? 0 : (optionalTsToMs(info?.startTime) ?? 0);
  return Math.max(began, optionalTsToMs(more?.lastResetTime) ?? 0);
}
