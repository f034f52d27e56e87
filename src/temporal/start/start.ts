/** Starts a task's workflow. @module */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import type { Caller, TaskMemo } from '../../task/memo.js';
import { MEMO_KEY } from '../../task/names.js';
import type { Task } from '../../task/task.js';
import { DEADLINE, GRPC, grpcCode, within, type Calls } from '../rpc/calls.js';
import { describe } from '../read/describe.js';
import { workflowStart, type Work } from './workflow-start.js';
import { msToNumber } from '../seam.js';

/**
 * The largest arguments, in bytes of JSON. Temporal refuses a payload of 2 MB by default, and the arguments share it with
 * what surrounds them.
 */
export const LARGEST_ARGUMENTS = 1_900_000;

/** What is left of the time for looking whether it started, in milliseconds. */
const SHORTEST_LOOK = 500;

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
 * @param until for all of it, in milliseconds since 1970
 * @throws McpTasksError `INVALID_ARGUMENTS` if they are too large, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`
 */
export async function startTask(
  calls: Calls,
  { id, ttl, taskQueue, caller, argumentsHash, ...asked }: StartOptions,
  until: number = within(DEADLINE.start + DEADLINE.started),
): Promise<Started> {
  const { tool, args, answer } = asked;
  const size = Buffer.byteLength(JSON.stringify([args, answer]));
  if (size > LARGEST_ARGUMENTS) throw tooLarge(size);
  const existing = tool.work.kind === 'workflow' ? tool.work.existing : undefined;
  const memo: TaskMemo = {
    version: 1,
    tool: tool.name,
    createdAt: Date.now(),
    ttl,
    ...(caller ? { caller } : {}),
    ...(argumentsHash === undefined ? {} : { argumentsHash }),
    ...(existing ? { mapping: existing.mapping } : {}),
  };
  const { timeouts } = tool;
  const { workflowType, args: workflowArgs } = workflowStart(asked);
  const task: Task = {
    id,
    tool: tool.name,
    createdAt: memo.createdAt,
    updatedAt: memo.createdAt,
    ttl,
    ...(caller ? { caller } : {}),
    inputs: {},
    steps: [],
  };
  try {
    await calls.run(
      Math.min(within(DEADLINE.start), until - SHORTEST_LOOK),
      async () =>
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
    const taken = error instanceof WorkflowExecutionAlreadyStartedError || (await exists(calls, id, error, until));
    if (!taken) throw explain(error, size);
    return { task, created: false };
  }
}

/** Whether a start that got no answer in time has happened all the same: else nobody would ever know of that task. */
async function exists(calls: Calls, id: string, error: unknown, until: number): Promise<boolean> {
  if (!isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE')) return false;
  return await describe(calls, id, Math.min(within(DEADLINE.started), until)).then(
    () => true,
    () => false,
  );
}

function explain(error: unknown, size: number): unknown {
  if (isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && grpcCode(error) !== undefined)
    return new McpTasksError(
      error.code,
      'Temporal did not answer in time, and nothing is known to have started; try again',
      { cause: error.cause },
    );
  return grpcCode(error) === GRPC.INVALID_ARGUMENT && size > LARGEST_ARGUMENTS / 4 ? tooLarge(size) : error;
}

function tooLarge(size: number): McpTasksError {
  return new McpTasksError(
    'INVALID_ARGUMENTS',
    `the arguments are ${size} bytes, more than Temporal takes (${LARGEST_ARGUMENTS}); pass a file's path or URL instead of its content`,
  );
}
