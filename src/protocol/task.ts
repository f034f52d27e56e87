/** The parts of tasks and answers that are the same in all protocol versions. Pure. @module */
import { shortMessage, statusMessage } from '../task/message.js';
import { resultText, type ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';

export type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** The fields that a task has in every version. A type, not an interface: the SDKs' results have an index signature. */
export type TaskFields = {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  /** ISO 8601, as is `lastUpdatedAt`. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
};

export function taskFields(task: Task, status: Status): TaskFields {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
  };
}

/** Returns the status of a task that has not ended. */
export function openStatus({ inputs }: Pick<Task, 'inputs'>): Status {
  return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
}

/**
 * Returns the task's status message. It includes the reason for a failure, because some clients show only this message
 * for a failed task and never fetch its result.
 */
function messageOf(task: Task): string | undefined {
  const { outcome } = task;
  if (!outcome) return statusMessage(task);
  if (outcome.kind === 'cancelled') return shortMessage(outcome.reason ?? 'The task was cancelled.');
  if (outcome.kind === 'error') return shortMessage(outcome.error.message);
  return outcome.result.isError
    ? shortMessage(resultText(outcome.result) || 'The tool failed without a message.')
    : undefined;
}

/** The answer to a call that awaits a task's result when the task is cancelled: JSON-RPC's "invalid request". */
function cancelled(reason = 'Task was cancelled'): RpcError {
  return { code: -32600, message: reason };
}

/** The answer to a call: its tool's result, or a JSON-RPC error. */
export type CallAnswer = { readonly result: ToolResult } | { readonly error: RpcError };

/** Returns what the call itself would have answered with. */
export function answerOf(outcome: Outcome): CallAnswer {
  if (outcome.kind === 'error') return { error: outcome.error };
  if (outcome.kind === 'cancelled') return { error: cancelled(outcome.reason) };
  return { result: outcome.result };
}
