/** Tasks in the format of protocol 2026-07-28 (extension `io.modelcontextprotocol/tasks`, SEP-2663). Pure. @module */
import type { Task } from '../../task/task.js';
import { openStatus, taskFields, type Status, type TaskFields } from '../task.js';

/** A type, not an interface: the SDKs' results have an index signature, which only a type satisfies. */
export type Task2026 = TaskFields & {
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
};

/** Returns the bare task, as carried by `CreateTaskResult`. */
export function task2026(task: Task, pollIntervalMs: number): Task2026 {
  return { ...taskFields(task, status2026(task)), ttlMs: task.ttl, pollIntervalMs };
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
export function status2026(task: Task): Status {
  const { outcome } = task;
  if (!outcome) return openStatus(task);
  if (outcome.kind === 'result') return 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}
