/** Tasks as protocol 2025-11-25 has them (experimental tasks, SEP-1686). Pure. @module */
import { statusMessage } from '../task/message.js';
import { resultText, type ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';

/** Names the task a message belongs to. */
export const RELATED_TASK = 'io.modelcontextprotocol/related-task';
/** A cancelled task's answer to `tasks/result`: JSON-RPC's "invalid request", with this message. */
export const CANCELLED: RpcError = { code: -32600, message: 'Task was cancelled' };

export type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

export interface WireTask {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttl: number | null;
  readonly pollInterval: number;
}

export function taskView(task: Task, pollInterval: number): WireTask {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status: statusOf(task),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttl: task.ttl,
    pollInterval,
  };
}

/** In this version a tool result with `isError` makes the task `failed`. */
export function statusOf({ outcome, inputs }: Task): Status {
  if (!outcome) return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
  if (outcome.kind === 'result') return outcome.result.isError ? 'failed' : 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}

/** Clients of this version show only `statusMessage` for a failed task and never fetch its result, so the reason is in it. */
function messageOf(task: Task): string | undefined {
  const { outcome } = task;
  if (!outcome) return statusMessage(task);
  if (outcome.kind === 'cancelled') return 'The task was cancelled by request.';
  if (outcome.kind === 'error') return outcome.error.message;
  return outcome.result.isError ? resultText(outcome.result) || 'The tool failed.' : undefined;
}

/** What the call itself would have answered: the result, or the error to throw. */
export function answerOf(outcome: Outcome): { readonly result: ToolResult } | { readonly error: RpcError } {
  if (outcome.kind === 'error') return { error: outcome.error };
  if (outcome.kind === 'cancelled') return { error: CANCELLED };
  return { result: resultView(outcome.result) };
}

/** Structured content is an object in this version; anything else is left to the text. */
function resultView(result: ToolResult): ToolResult {
  const { structuredContent, ...rest } = result;
  const isObject = typeof structuredContent === 'object' && structuredContent !== null && !Array.isArray(structuredContent);
  return isObject ? result : rest;
}

/** The answer to `tasks/result`: the call's own, and whose it is. */
export function withRelatedTask(result: ToolResult, taskId: string): ToolResult {
  return { ...result, _meta: { ...result._meta, [RELATED_TASK]: { taskId } } };
}
