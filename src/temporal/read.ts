/**
 * Reads a task: what Temporal knows (`describe`, no worker needed) merged with what only the workflow knows (its report),
 * and with its outcome once it has one.
 * @module
 */
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { McpTasksError } from '../task/errors.js';
import type { TaskMemo } from '../task/memo.js';
import { ASK_FIRST_WORKFLOW } from '../task/names.js';
import { asProgress } from '../task/progress.js';
import type { WorkflowMapping } from '../task/workflow-mapping.js';
import { isExpired, type Outcome, type Task } from '../task/task.js';
import { DEADLINE, taskNotFound, within, type Calls } from './calls.js';
import { Chains, type CancelledRun } from './chain.js';
import { describe, memoOf, type Description } from './describe.js';
import { endOf } from './end.js';
import { failureText, type StartedEvent } from './failure-text.js';
import { NewestHistory } from './history.js';
import { isAsked, queryOf, questionName } from './mapped-report.js';
import { outcomeOfFailure, outcomeOfResult, outcomeOfUnreadable } from './outcome.js';
import { Reports } from './reports.js';
import { stepsOf } from './steps.js';
import { TakenMessages } from './taken.js';

/** A workflow task that is not picked up for so long (milliseconds) has no worker. */
const PICK_UP = 5_000;

type Base = Pick<Task, 'id' | 'tool' | 'createdAt' | 'ttl' | 'caller' | 'mapping'> & Partial<Pick<Task, 'endedAt'>>;

export interface View {
  readonly task: Task;
  /** The run of its workflow that it was read from. */
  readonly runId: string;
  /** Of that run, then. */
  readonly historyLength: number;
  /** When there may be more to tell, though nothing happens; in milliseconds since 1970. */
  readonly lookAgainAt: number | undefined;
}

export class TaskReader {
  readonly #reports: Reports;
  readonly #history: NewestHistory;
  readonly #chains: Chains;
  readonly #taken: TakenMessages;

  constructor(private readonly calls: Calls) {
    this.#reports = new Reports(calls);
    this.#history = new NewestHistory(calls);
    this.#chains = new Chains(calls);
    this.#taken = new TakenMessages(calls);
  }

  /**
   * The task as it is now. The caller has checked that it may see it.
   * @param until how long it may take, in milliseconds since 1970
   * @throws McpTasksError `TASK_NOT_FOUND` if there is none or its time is over, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`;
   * of its payloads `PAYLOAD_UNREADABLE`, `CODEC_FAILED`, and `CONFIGURATION` if a codec server refuses
   */
  async read(id: string, until: number = within(DEADLINE.read)): Promise<Task> {
    return (await this.readRun(id, until)).task;
  }

  /** The same, and where it comes from. */
  async readRun(id: string, until: number): Promise<View> {
    const description = await describe(this.calls, id, until);
    const memo = await memoOf(this.calls, description, until);
    if (!memo) throw taskNotFound();
    const task = await this.#task(description, memo, until);
    const { runId, historyLength } = description;
    return { task, runId, historyLength, lookAgainAt: task.outcome ? undefined : this.#reports.lookAgainAt(runId) };
  }

  /** How the task's workflow is answered, where that is its own. @throws as {@link read} */
  async mapping(id: string, until: number): Promise<WorkflowMapping | undefined> {
    const description = await describe(this.calls, id, until);
    return mappingOf(description, await memoOf(this.calls, description, until));
  }

  /**
   * Tells an open question of an existing workflow from an equal one before it: by the event by which the run took the last
   * answer to one. Whoever looks while it is open finds the same.
   * @param view what was read last
   * @returns `undefined` if it is not open
   * @throws McpTasksError `NO_WORKER` if none says whether it is open; as {@link read}
   */
  async asking(view: View, key: string, until: number): Promise<number | undefined> {
    const { task: { id, outcome, mapping }, runId, historyLength } = view;
    const name = questionName(key);
    const input = mapping?.inputs && Object.hasOwn(mapping.inputs, name) ? mapping.inputs[name] : undefined;
    if (outcome || !mapping || !input) return undefined;
    const asked = this.#reports.asked(runId, queryOf(mapping, input));
    // Otherwise another read has asked since.
    if (asked?.historyLength === historyLength) {
      if (asked.answer?.historyLength !== historyLength) throw new McpTasksError('NO_WORKER', `no worker says whether "${key}" is still asked, so the answer was not given; send it again`);
      if (!isAsked(key, input, asked.answer.value)) return undefined;
      const { event, by } = await this.#taken.last({ workflowId: id, runId }, [input.answer.name, ...(input.declined ? [input.declined.name] : [])], until);
      // The workflow spoke at that length or later: an answer that was taken in between may be before what it said, or after.
      if (by <= historyLength) return event;
    }
    return await this.asking(await this.readRun(id, until), key, until);
  }

  async #task(description: Description, memo: TaskMemo, until: number): Promise<Task> {
    const { endedAt, workflowId: id } = description;
    const { tool, createdAt, ttl, caller } = memo;
    const mapping = mappingOf(description, memo);
    const base: Base = { id, tool, createdAt, ttl, ...(caller ? { caller } : {}), ...(mapping ? { mapping } : {}), ...(endedAt === undefined ? {} : { endedAt }) };
    if (isExpired(base, Date.now())) throw taskNotFound();
    const cancelled = await this.#chains.cancelledRun(description, until);
    if (cancelled) return await this.#cancelled(base, cancelled, until);
    if (endedAt === undefined) return await this.#open(base, description, until);
    return { ...base, updatedAt: endedAt, outcome: await this.#outcome(description, mapping, until), inputs: {}, steps: [] };
  }

  async #open(base: Base, description: Description, until: number): Promise<Task> {
    const [report, steps, stalled] = await Promise.all([
      this.#reports.get(description, base.mapping, until),
      stepsOf(this.calls, description, base.mapping !== undefined, until),
      this.#stalled(description, until),
    ]);
    const progress = asProgress(report?.progress);
    return {
      ...base,
      updatedAt: Math.max(base.createdAt, report?.changedAt ?? 0, ...steps.map((step) => step.changedAt)),
      ...(report?.message === undefined ? {} : { message: report.message }),
      ...(progress === undefined ? {} : { progress }),
      inputs: report?.inputs ?? {},
      steps,
      ...(stalled === undefined ? {} : { stalled }),
    };
  }

  /** A task reads as cancelled from the request on, whatever its workflow still does or answers. */
  async #cancelled(base: Base, { runId }: CancelledRun, until: number): Promise<Task> {
    const requestedAt = await this.#history.cancelRequestedAt(base.id, runId, until);
    return { ...base, updatedAt: requestedAt ?? base.endedAt ?? base.createdAt, outcome: { kind: 'cancelled' }, inputs: {}, steps: [] };
  }

  async #outcome({ workflowId, runId, type }: Description, mapping: WorkflowMapping | undefined, until: number): Promise<Outcome> {
    const end = await endOf(this.calls, this.#history, { workflowId, runId }, until);
    if ('value' in end) return outcomeOfResult(end.value, workflowId, mapping);
    if ('unreadable' in end) return outcomeOfUnreadable(end.unreadable);
    const attemptOf = async (event: StartedEvent): Promise<number | undefined> => await this.#history.attempt(event, until).catch(() => undefined);
    const text = mapping && end.failure ? await failureText(end.failure, { workflow: { workflowId, runId, type }, attemptOf, stackTraces: mapping.stackTraces ?? false }) : undefined;
    return outcomeOfFailure(end.failure, text);
  }

  async #stalled({ workflowId, runId, raw }: Description, until: number): Promise<string | undefined> {
    const pending = raw.pendingWorkflowTask;
    if (!pending) return undefined;
    if ((pending.attempt ?? 1) > 1) {
      const failure = await this.#history.workflowTaskFailure(workflowId, runId, until).catch(() => undefined);
      if (failure !== undefined) return `the workflow's code fails and is retried (attempt ${pending.attempt}): ${failure}`;
    }
    const scheduled = optionalTsToMs(pending.scheduledTime) ?? Date.now();
    return !pending.startedTime && Date.now() - scheduled > PICK_UP ? 'waiting for a worker' : undefined;
  }
}

/** Before an existing workflow begins, the one that asks first is ours. */
function mappingOf({ type }: Description, memo: TaskMemo | undefined): WorkflowMapping | undefined {
  return type === ASK_FIRST_WORKFLOW ? undefined : memo?.mapping;
}
