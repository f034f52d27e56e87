/** Calls to Temporal: each with a deadline, each failing with one of this package's errors. @module */
import { isGrpcServiceError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { McpTasksError, isMcpTasksError } from '../task/errors.js';

/** gRPC status codes, https://grpc.io/docs/guides/status-codes/ */
export const GRPC = { INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, RESOURCE_EXHAUSTED: 8 } as const;

/**
 * How long calls may take, in milliseconds. A query is the one that waits for a worker, so its deadline is short: what it
 * would add is not worth more.
 */
export const DEADLINE = { start: 10_000, describe: 4_000, query: 500, outcome: 5_000, cancel: 5_000, list: 5_000, respond: 2_000 } as const;

/** The same answer for a task that never existed, has expired or is somebody else's. */
export function taskNotFound(): McpTasksError {
  return new McpTasksError('TASK_NOT_FOUND', 'Failed to retrieve task: Task not found');
}

/**
 * Runs `fn` with a deadline over all its calls to Temporal, retries included.
 * @throws McpTasksError `TASK_NOT_FOUND` where Temporal knows no such workflow, `TEMPORAL_UNAVAILABLE` where it does not answer in time
 */
export async function call<T>(client: Client, milliseconds: number, fn: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + milliseconds, fn);
  } catch (error) {
    throw translate(error);
  }
}

export function grpcCode(error: unknown): number | undefined {
  const root = error instanceof ServiceError && error.cause ? error.cause : error;
  return isGrpcServiceError(root) ? root.code : undefined;
}

function translate(error: unknown): unknown {
  if (isMcpTasksError(error)) return error;
  if (error instanceof WorkflowNotFoundError || grpcCode(error) === GRPC.NOT_FOUND) return taskNotFound();
  if (grpcCode(error) !== undefined || error instanceof ServiceError) {
    return new McpTasksError('TEMPORAL_UNAVAILABLE', 'Temporal did not answer in time; the task is not affected, try again', { cause: error });
  }
  return error;
}
