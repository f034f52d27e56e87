/**
 * Reads a task: what Temporal knows (`describe`, no worker needed) merged with what only the workflow knows (its report),
 * and with its outcome once it has one.
 * @module
 */
import { WorkflowFailedError, type WorkflowExecutionDescription } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { isTaskMemo } from '../task/memo.js';
import { ASK_FIRST_WORKFLOW, MEMO_KEY } from '../task/names.js';
import { asProgress } from '../task/progress.js';
import type { WorkflowMapping } from '../task/workflow-mapping.js';
import { isExpired, type Outcome, type Task } from '../task/task.js';
import { DEADLINE, taskNotFound, within, type Calls } from './calls.js';
import { Chains, type CancelledRun } from './chain.js';
import { failureText, type StartedEvent } from './failure-text.js';
import { NewestHistory } from './history.js';
import { outcomeOfFailure, outcomeOfResult } from './outcome.js';
import { Reports } from './reports.js';
import { stepsOf } from './steps.js';

/** A workflow task that is not picked up for so long (milliseconds) has no worker. */
const PICK_UP = 5_000;

type Base = Pick<Task, 'id' | 'tool' | 'createdAt' | 'ttl' | 'caller' | 'mapping'> & Partial<Pick<Task, 'endedAt'>>;

export class TaskReader {
  readonly #reports: Reports;
  readonly #history: NewestHistory;
  readonly #chains: Chains;

  constructor(private readonly calls: Calls) {
    this.#reports = new Reports(calls);
    this.#history = new NewestHistory(calls);
    this.#chains = new Chains(calls);
  }

  /**
   * The task as it is now. The caller has checked that it may see it.
   * @param milliseconds how long it may take
   * @throws McpTasksError `TASK_NOT_FOUND` if there is none or its time is over, `TEMPORAL_UNAVAILABLE`
   */
  async read(id: string, milliseconds: number = DEADLINE.read): Promise<Task> {
    const until = within(milliseconds);
    const description = await this.calls.run(until, async () => await this.calls.client.workflow.getHandle(id).describe());
    const memo = description.memo?.[MEMO_KEY];
    if (!isTaskMemo(memo)) throw taskNotFound();
    const endedAt = description.closeTime?.getTime();
    const { tool, createdAt, ttl, caller } = memo;
    const mapping = mappingOf(description);
    const base: Base = { id, tool, createdAt, ttl, ...(caller ? { caller } : {}), ...(mapping ? { mapping } : {}), ...(endedAt === undefined ? {} : { endedAt }) };
    if (isExpired(base, Date.now())) throw taskNotFound();
    const cancelled = await this.#chains.cancelledRun(description, until);
    if (cancelled) return await this.#cancelled(base, cancelled, until);
    if (endedAt === undefined) return await this.#open(base, description, until);
    return { ...base, updatedAt: endedAt, outcome: await this.#outcome(description, mapping, until), inputs: {}, steps: [] };
  }

  /** How the task's workflow is answered, where that is its own. @throws as {@link read} */
  async mapping(id: string): Promise<WorkflowMapping | undefined> {
    return mappingOf(await this.calls.run(within(DEADLINE.read), async () => await this.calls.client.workflow.getHandle(id).describe()));
  }

  async #open(base: Base, description: WorkflowExecutionDescription, until: number): Promise<Task> {
    const [report, steps, stalled] = await Promise.all([
      this.#reports.get(description, base.mapping, until),
      stepsOf(this.calls.client, description, base.mapping !== undefined),
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

  async #outcome({ workflowId, runId, type }: WorkflowExecutionDescription, mapping: WorkflowMapping | undefined, until: number): Promise<Outcome> {
    return await this.calls.run(until, async () => {
      try {
        return outcomeOfResult(await this.calls.client.workflow.getHandle(workflowId, runId).result(), workflowId, mapping?.part);
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const attemptOf = async (event: StartedEvent): Promise<number | undefined> => await this.#history.attempt(event, until).catch(() => undefined);
        const text = mapping && error.cause ? await failureText(error.cause, { workflow: { workflowId, runId, type }, attemptOf, stackTraces: mapping.stackTraces ?? false }) : undefined;
        return outcomeOfFailure(error, text);
      }
    });
  }

  async #stalled({ workflowId, runId, raw }: WorkflowExecutionDescription, until: number): Promise<string | undefined> {
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
function mappingOf({ type, memo }: WorkflowExecutionDescription): WorkflowMapping | undefined {
  const own = memo?.[MEMO_KEY];
  return isTaskMemo(own) && type !== ASK_FIRST_WORKFLOW ? own.mapping : undefined;
}
