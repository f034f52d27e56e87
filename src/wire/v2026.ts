/** Tasks as protocol 2026-07-28 has them (the extension `io.modelcontextprotocol/tasks`, SEP-2663). Pure. @module */
import { statusMessage } from '../task/message.js';
import { resultText, type ToolResult } from '../task/result.js';
import type { Outcome, RpcError, Task } from '../task/task.js';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
/** A cancelled task's answer to whoever awaited the call itself. */
export const CANCELLED: RpcError = { code: -32600, message: 'Task was cancelled' };

export type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

export interface WireTask {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
}

/** The bare task, as `CreateTaskResult` carries it. */
export function taskView(task: Task, pollIntervalMs: number): WireTask {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status: statusOf(task),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttlMs: task.ttl,
    pollIntervalMs,
  };
}

/** The task with what its status entails inlined, as `tasks/get` and `notifications/tasks` carry it. */
export function detailedView(task: Task, pollIntervalMs: number): WireTask & Readonly<Record<string, unknown>> {
  const view = taskView(task, pollIntervalMs);
  const { outcome } = task;
  if (view.status === 'input_required') return { ...view, inputRequests: task.inputs };
  if (outcome?.kind === 'error') return { ...view, error: outcome.error };
  // The inlined result carries its own resultType; the official client refuses one without.
  if (outcome?.kind === 'result') return { ...view, result: { resultType: 'complete', ...outcome.result } };
  return view;
}

/** In this version a tool result is `completed` whatever it says; `failed` is for JSON-RPC errors alone. */
export function statusOf({ outcome, inputs }: Task): Status {
  if (!outcome) return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
  if (outcome.kind === 'result') return 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}

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
  return { result: outcome.result };
}
