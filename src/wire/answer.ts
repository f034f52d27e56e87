/** What both protocol versions say alike. Pure. @module */
import { statusMessage } from '../task/message.js';
import { resultText, type ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';

export type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** What a cancelled task answers to whoever awaits its result: JSON-RPC's "invalid request", with this message. */
export const CANCELLED: RpcError = { code: -32600, message: 'Task was cancelled' };

export type Answer = { readonly result: ToolResult } | { readonly error: RpcError };

/** What the call itself would have answered: the result, or the error to throw. */
export function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'error') return { error: outcome.error };
  if (outcome.kind === 'cancelled') return { error: CANCELLED };
  return { result: outcome.result };
}

/** Some clients show only this for a failed task and never fetch its result, so the reason is in it. */
export function messageOf(task: Task): string | undefined {
  const { outcome } = task;
  if (!outcome) return statusMessage(task);
  if (outcome.kind === 'cancelled') return 'The task was cancelled by request.';
  if (outcome.kind === 'error') return outcome.error.message;
  return outcome.result.isError ? resultText(outcome.result) || 'The tool failed.' : undefined;
}
