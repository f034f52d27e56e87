/** The parts of tasks and answers that are the same in both protocol versions. Pure. @module */
import { shortMessage, statusMessage } from '../task/message.js';
import { resultText, type ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';

export type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** The answer to a call that awaits a task's result when the task is cancelled: JSON-RPC's "invalid request". */
export const CANCELLED: RpcError = { code: -32600, message: 'Task was cancelled' };

export type Answer = { readonly result: ToolResult } | { readonly error: RpcError };

/** Returns what the call itself would have answered with: the result, or the error to throw. */
export function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'error') return { error: outcome.error };
  if (outcome.kind === 'cancelled') return { error: CANCELLED };
  return { result: outcome.result };
}

/**
 * Returns the task's status message. It includes the reason for a failure, because some clients show only this message
 * for a failed task and never fetch its result.
 */
export function messageOf(task: Task): string | undefined {
  const { outcome } = task;
  if (!outcome) return statusMessage(task);
  if (outcome.kind === 'cancelled') return 'The task was cancelled.';
  if (outcome.kind === 'error') return shortMessage(outcome.error.message);
  return outcome.result.isError
    ? shortMessage(resultText(outcome.result) || 'The tool failed without a message.')
    : undefined;
}
