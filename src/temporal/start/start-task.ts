/** Starts a task's workflow. @module */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  type WorkflowHandleWithFirstExecutionRunId,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { LARGEST_PAYLOAD, LARGEST_STORED } from '../../limits/limits.js';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import type { TaskMemo } from '../../task/memo.js';
import { MEMO_KEY, toolWorkflow } from '../../task/names.js';
import type { Task } from '../../task/task.js';
import { DEADLINE, grpcCode, within, type Calls } from '../rpc/calls.js';
import { checkMemo, checkSize, isTooLarge } from '../rpc/sizes.js';
import { describe } from '../read/describe.js';
import { Retention } from './retention.js';
import type { StartRequest } from './start-request.js';
import type { StartedTasks } from './started-tasks.js';
import { watchTtl } from './ttl-watch.js';
import { WorkerClient } from './worker-client.js';
import { workflowStart } from './workflow-start.js';

/** The time reserved for checking whether the workflow started, in milliseconds. */
const SHORTEST_LOOK = 500;

export interface Started {
  readonly task: Task;
  /** `false` if the ID was already taken, possibly by an earlier attempt of this same start whose response was lost. */
  readonly created: boolean;
}

export interface StartSettings {
  /** The task queue for tools that do not name one. */
  readonly taskQueue: string;
  /** How long a finished task stays readable, even after its ttl has passed, in milliseconds. */
  readonly resultRetention: number;
  /** Whether the closed workflow may be deleted once the task has expired. */
  readonly deleteExpired: boolean;
}

export class TaskStarter {
  readonly #retention: Retention;
  /** The workers of this process. */
  readonly workers: WorkerClient;

  constructor(
    private readonly calls: Calls,
    private readonly settings: StartSettings,
    private readonly started: StartedTasks,
  ) {
    this.#retention = new Retention(calls);
    this.workers = new WorkerClient(calls.client);
  }

  /**
   * Starts the workflow and returns the task, never before Temporal has accepted it.
   * @param place the task's ID, and the hash of its arguments that its memo keeps
   * @param until the deadline for everything, in milliseconds since 1970
   * @throws McpTasksError `INVALID_ARGUMENTS` if the arguments are too large, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`
   */
  async start(
    request: StartRequest,
    place: { readonly id: string } & Pick<TaskMemo, 'argumentsHash'>,
    until: number = within(DEADLINE.start + DEADLINE.started),
  ): Promise<Started> {
    const { calls } = this;
    const { taskQueue, resultRetention, deleteExpired } = this.settings;
    const { id, argumentsHash } = place;
    const { tool, askFirst, caller } = request;
    const existing = tool.work.kind === 'workflow' ? tool.work.existing : undefined;
    const ttl = await this.#keepable(request.ttl, until);
    const memo: TaskMemo = {
      version: 1,
      tool: tool.name,
      createdAt: Date.now(),
      ttl,
      resultRetention,
      ...(deleteExpired ? { deletable: true } : {}),
      ...(caller ? { caller } : {}),
      ...(argumentsHash === undefined ? {} : { argumentsHash }),
      largest: calls.stores ? LARGEST_STORED : LARGEST_PAYLOAD,
      ...(existing ? { mapping: existing.mapping } : {}),
    };
    const { timeouts } = tool;
    const { workflowType, args } = workflowStart(request, taskQueue);
    const soon = Math.min(within(DEADLINE.start), until - SHORTEST_LOOK);
    const outgoing = { id, values: args, what: 'The arguments are', kind: 'arguments' } as const;
    const deadline = await checkSize(calls, outgoing, soon);
    await checkMemo(calls, id, memo, soon);
    const task: Task = {
      id,
      tool: tool.name,
      createdAt: memo.createdAt,
      updatedAt: memo.createdAt,
      ttl,
      ...(caller ? { caller } : {}),
      ...toolWorkflow(workflowType),
      inputs: {},
      steps: [],
    };
    if (request.onTtl === 'cancel' && request.ttl !== null)
      await watchTtl(
        calls,
        // Retention shortens how long a result can be kept, not how long the work may take.
        // The workers of an existing workflow do not have the shipped workflows.
        {
          taskId: id,
          at: memo.createdAt + request.ttl,
          taskQueue: existing ? taskQueue : (tool.taskQueue ?? taskQueue),
        },
        Math.min(within(DEADLINE.start), until - SHORTEST_LOOK),
      );
    try {
      const { firstExecutionRunId } = await this.#start(deadline, workflowType, {
        workflowId: id,
        // The workers of an existing workflow do not have the ask-first workflow.
        taskQueue: existing && askFirst ? taskQueue : (tool.taskQueue ?? taskQueue),
        args: [...args],
        memo: { [MEMO_KEY]: memo },
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: tool.title ?? tool.name,
        ...(timeouts?.execution === undefined ? {} : { workflowExecutionTimeout: timeouts.execution }),
        ...(timeouts?.run === undefined || askFirst ? {} : { workflowRunTimeout: timeouts.run }),
        ...(existing && tool.retry ? { retry: tool.retry } : {}),
      });
      this.started.add({ task, runId: firstExecutionRunId });
      return { task, created: true };
    } catch (error) {
      const taken = error instanceof WorkflowExecutionAlreadyStartedError || (await exists(calls, id, error, until));
      if (!taken) throw explain(error);
      return { task, created: false };
    }
  }

  async #start(
    until: number,
    workflowType: string,
    options: WorkflowStartOptions,
  ): Promise<{ readonly firstExecutionRunId: string }> {
    const { calls } = this;
    // Only a short tool's task ends in its first workflow task, so only there does an eager start save time.
    const near = toolWorkflow(workflowType).short ? this.workers.client : undefined;
    if (near)
      try {
        const eager = { ...options, requestEagerStart: true };
        // The rest is for the other connection, if this one does not answer.
        const half = within((until - Date.now()) / 2);
        const start = async (): Promise<WorkflowHandleWithFirstExecutionRunId> =>
          await near.withDeadline(half, async () => await near.workflow.start(workflowType, eager));
        return await calls.once(half, start);
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) throw error;
        // The worker may have closed or lost its connection. If Temporal did start the workflow, the next attempt finds
        // it.
      }
    return await calls.run(until, async () => await calls.client.workflow.start(workflowType, options));
  }

  /**
   * Returns the ttl, or Temporal's retention if that is shorter: even a task that ends at once is kept for that long.
   */
  async #keepable(ttl: number | null, until: number): Promise<number | null> {
    if (ttl === null) return null;
    return Math.min(ttl, (await this.#retention.get(until)) ?? ttl);
  }
}

/** Whether a start that timed out succeeded anyway. Without this check, the caller would never learn of the task. */
async function exists(calls: Calls, id: string, error: unknown, until: number): Promise<boolean> {
  if (!isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) return false;
  return await describe(calls, id, Math.min(within(DEADLINE.started), until)).then(
    () => true,
    () => false,
  );
}

function explain(error: unknown): unknown {
  if (isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && grpcCode(error) !== undefined)
    return new McpTasksError(
      error.code,
      'Temporal did not answer in time, and no task is known to have started; try again.',
      { cause: error.cause },
    );
  return isTooLarge(error)
    ? new McpTasksError(
        'INVALID_ARGUMENTS',
        "The arguments are larger than Temporal's namespace allows. Pass a file's path or URL instead of its content.",
        { cause: error },
      )
    : error;
}
