/** Starts a task's workflow. @module */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { isMcpTasksError, McpTasksError } from '../task/errors.js';
import type { Caller, TaskMemo } from '../task/memo.js';
import { MEMO_KEY } from '../task/names.js';
import type { Task } from '../task/task.js';
import { DEADLINE, GRPC, grpcCode, within, type Calls } from './calls.js';
import { workflowStart, type Work } from './workflow-start.js';

/**
 * The largest arguments, in bytes of JSON. Temporal refuses a payload of 2 MB by default, and the arguments share it with
 * what surrounds them.
 */
export const LARGEST_ARGUMENTS = 1_900_000;

export interface StartOptions extends Work {
  readonly id: string;
  readonly ttl: number | null;
  readonly taskQueue: string;
  readonly caller?: Caller;
  /** See {@link TaskMemo}. */
  readonly argumentsHash?: string;
}

export interface Started {
  readonly task: Task;
  /** `false`: the ID was taken already, perhaps by this very start, whose answer was lost and which was made again. */
  readonly created: boolean;
}

/**
 * Starts the workflow and returns the task once Temporal has accepted it, never before.
 * @throws McpTasksError `INVALID_ARGUMENTS` if they are too large, `TEMPORAL_UNAVAILABLE`
 */
export async function startTask(calls: Calls, { id, ttl, taskQueue, caller, argumentsHash, ...asked }: StartOptions): Promise<Started> {
  const { tool, args, answer } = asked;
  const size = Buffer.byteLength(JSON.stringify([args, answer]));
  if (size > LARGEST_ARGUMENTS) throw tooLarge(size);
  const existing = tool.work.kind === 'workflow' ? tool.work.existing : undefined;
  const memo: TaskMemo = { version: 1, tool: tool.name, createdAt: Date.now(), ttl, ...(caller ? { caller } : {}), ...(argumentsHash === undefined ? {} : { argumentsHash }), ...(existing ? { mapping: existing.mapping } : {}) };
  const { timeouts } = tool;
  const { workflowType, args: workflowArgs } = workflowStart(asked);
  const task: Task = { id, tool: tool.name, createdAt: memo.createdAt, updatedAt: memo.createdAt, ttl, ...(caller ? { caller } : {}), inputs: {}, steps: [] };
  try {
    await calls.run(within(DEADLINE.start), async () =>
      await calls.client.workflow.start(workflowType, {
        workflowId: id,
        // The workers of an existing workflow lack the workflow that asks first.
        taskQueue: existing && asked.askFirst ? taskQueue : (tool.taskQueue ?? taskQueue),
        args: [...workflowArgs],
        memo: { [MEMO_KEY]: memo },
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        staticSummary: tool.title ?? tool.name,
        ...(timeouts?.execution === undefined ? {} : { workflowExecutionTimeout: msToNumber(timeouts.execution) }),
        ...(timeouts?.run === undefined || asked.askFirst ? {} : { workflowRunTimeout: msToNumber(timeouts.run) }),
        ...(existing && tool.retry ? { retry: tool.retry } : {}),
      }),
    );
    return { task, created: true };
  } catch (error) {
    const taken = error instanceof WorkflowExecutionAlreadyStartedError || (await exists(calls, id, error));
    if (!taken) throw explain(error, size);
    return { task, created: false };
  }
}

/** Whether a start that got no answer in time has happened all the same: else nobody would ever know of that task. */
async function exists(calls: Calls, id: string, error: unknown): Promise<boolean> {
  if (!isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) return false;
  const look = calls.run(within(DEADLINE.started), async () => await calls.client.workflow.getHandle(id).describe());
  return await look.then(() => true, () => false);
}

function explain(error: unknown, size: number): unknown {
  if (isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && grpcCode(error) !== undefined) return new McpTasksError(error.code, 'Temporal did not answer in time, and nothing is known to have started; try again', { cause: error.cause });
  return grpcCode(error) === GRPC.INVALID_ARGUMENT && size > LARGEST_ARGUMENTS / 4 ? tooLarge(size) : error;
}

function tooLarge(size: number): McpTasksError {
  return new McpTasksError('INVALID_ARGUMENTS', `the arguments are ${size} bytes, more than Temporal takes (${LARGEST_ARGUMENTS}); pass a file's path or URL instead of its content`);
}
