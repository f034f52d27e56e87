/** Tasks in the format of protocol 2026-07-28 (extension `io.modelcontextprotocol/tasks`, SEP-2663). Pure. @module */
import type { Task } from '../task/task.js';
import { messageOf, type Status } from './answer.js';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A type, not an interface: the SDKs' results have an index signature, which only a type satisfies. */
export type Task2026 = {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
};

/** Returns the bare task, as carried by `CreateTaskResult`. */
export function task2026(task: Task, pollIntervalMs: number): Task2026 {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status: status2026(task),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttlMs: task.ttl,
    pollIntervalMs,
  };
}

/**
 * Returns the task with its open input requests, result or error inlined, depending on its status. `tasks/get` and
 * `notifications/tasks` carry this form.
 */
export function detailedTask2026(task: Task, pollIntervalMs: number): Task2026 & { readonly [key: string]: unknown } {
  const view = task2026(task, pollIntervalMs);
  const { outcome } = task;
  if (view.status === 'input_required') return { ...view, inputRequests: task.inputs };
  if (outcome?.kind === 'error') return { ...view, error: outcome.error };
  // The inlined result needs its own `resultType`: the official client rejects a result without one.
  if (outcome?.kind === 'result') return { ...view, result: { ...outcome.result, resultType: 'complete' } };
  return { ...view };
}

/**
 * Returns the task's status. In this version any tool result means `completed`; `failed` is only for JSON-RPC errors.
 */
export function status2026({ outcome, inputs }: Task): Status {
  if (!outcome) return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
  if (outcome.kind === 'result') return 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}
