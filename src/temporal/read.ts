/**
 * Reads a task: what Temporal knows (`describe`, no worker needed) merged with what only the workflow knows (its report),
 * and with its outcome once it has one.
 * @module
 */
import { WorkflowFailedError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { isTaskMemo } from '../task/memo.js';
import { MEMO_KEY } from '../task/names.js';
import { isExpired, type Outcome, type Step, type Task } from '../task/task.js';
import { call, DEADLINE, taskNotFound } from './calls.js';
import { NewestHistory } from './history.js';
import { outcomeOfFailure, outcomeOfResult } from './outcome.js';
import { Reports } from './reports.js';
import { stepsOf } from './steps.js';

/** A workflow task that is not picked up for so long (milliseconds) has no worker. */
const PICK_UP = 5_000;

export class TaskReader {
  readonly #reports: Reports;
  readonly #history: NewestHistory;

  constructor(private readonly client: Client) {
    this.#reports = new Reports(client);
    this.#history = new NewestHistory(client);
  }

  /**
   * The task as it is now. The caller has checked that it may see it.
   * @throws McpTasksError `TASK_NOT_FOUND` if there is none or its time is over, `TEMPORAL_UNAVAILABLE`
   */
  async read(id: string): Promise<Task> {
    const description = await call(this.client, DEADLINE.describe, async () => await this.client.workflow.getHandle(id).describe());
    const memo = description.memo?.[MEMO_KEY];
    if (!isTaskMemo(memo)) throw taskNotFound();
    const endedAt = description.closeTime?.getTime();
    const base = { id, tool: memo.tool, createdAt: memo.createdAt, ttl: memo.ttl };
    if (isExpired({ ...base, ...(endedAt === undefined ? {} : { endedAt }) }, Date.now())) throw taskNotFound();
    if (isCancelled(description)) return await this.#cancelled(base, description, endedAt);
    if (endedAt === undefined) return await this.#open(base, description);
    return { ...base, updatedAt: endedAt, endedAt, outcome: await this.#outcome(description), inputs: {}, steps: [] };
  }

  async #open(base: Pick<Task, 'id' | 'tool' | 'createdAt' | 'ttl'>, description: WorkflowExecutionDescription): Promise<Task> {
    const [report, steps, stalled] = await Promise.all([this.#reports.get(description), stepsOf(this.client, description), this.#stalled(description)]);
    return {
      ...base,
      updatedAt: Math.max(base.createdAt, report?.changedAt ?? 0, ...steps.map((step: Step) => step.changedAt)),
      ...(report?.message === undefined ? {} : { message: report.message }),
      ...(report?.progress === undefined ? {} : { progress: report.progress }),
      inputs: report?.inputs ?? {},
      steps,
      ...(stalled === undefined ? {} : { stalled }),
    };
  }

  /** A task reads as cancelled from the request on, whatever its workflow still does or answers. */
  async #cancelled(base: Pick<Task, 'id' | 'tool' | 'createdAt' | 'ttl'>, description: WorkflowExecutionDescription, endedAt: number | undefined): Promise<Task> {
    const { workflowId, runId } = description;
    const requestedAt = await call(this.client, DEADLINE.describe, async () => await this.#history.cancelRequestedAt(workflowId, runId)).catch(() => undefined);
    return {
      ...base,
      updatedAt: requestedAt ?? endedAt ?? Date.now(),
      ...(endedAt === undefined ? {} : { endedAt }),
      outcome: { kind: 'cancelled' },
      inputs: {},
      steps: [],
    };
  }

  async #outcome({ workflowId, runId }: WorkflowExecutionDescription): Promise<Outcome> {
    return await call(this.client, DEADLINE.outcome, async () => {
      try {
        return outcomeOfResult(await this.client.workflow.getHandle(workflowId, runId).result());
      } catch (error) {
        if (error instanceof WorkflowFailedError) return outcomeOfFailure(error);
        throw error;
      }
    });
  }

  async #stalled(description: WorkflowExecutionDescription): Promise<string | undefined> {
    const pending = description.raw.pendingWorkflowTask;
    if (!pending) return undefined;
    if ((pending.attempt ?? 1) > 1) {
      const { workflowId, runId } = description;
      const failure = await this.#history.workflowTaskFailure(workflowId, runId).catch(() => undefined);
      if (failure !== undefined) return `the workflow's code fails and is retried (attempt ${pending.attempt}): ${failure}`;
    }
    const scheduled = Number(pending.scheduledTime?.seconds ?? 0) * 1000;
    return !pending.startedTime && Date.now() - scheduled > PICK_UP ? 'waiting for a worker' : undefined;
  }
}

function isCancelled(description: WorkflowExecutionDescription): boolean {
  return description.status.name === 'CANCELLED' || description.raw.workflowExtendedInfo?.cancelRequested === true;
}
