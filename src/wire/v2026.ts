/** Tasks as protocol 2026-07-28 has them (the extension `io.modelcontextprotocol/tasks`, SEP-2663). Pure. @module */
import type { Task } from '../task/task.js';
import { messageOf, type Status } from './answer.js';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A type, not an interface: the SDKs' results have an index signature, which only a type fits. */
export type Task2026 = {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
};

/** The bare task, as `CreateTaskResult` carries it. */
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

/** The task with what its status entails inlined, as `tasks/get` and `notifications/tasks` carry it. */
export function detailedTask2026(task: Task, pollIntervalMs: number): Task2026 & { readonly [key: string]: unknown } {
  const view = task2026(task, pollIntervalMs);
  const { outcome } = task;
  if (view.status === 'input_required') return { ...view, inputRequests: task.inputs };
  if (outcome?.kind === 'error') return { ...view, error: outcome.error };
  // The inlined result carries its own resultType; the official client refuses one without.
  if (outcome?.kind === 'result') return { ...view, result: { ...outcome.result, resultType: 'complete' } };
  return { ...view };
}

/** In this version a tool result is `completed` whatever it says; `failed` is for JSON-RPC errors alone. */
export function status2026({ outcome, inputs }: Task): Status {
  if (!outcome) return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
  if (outcome.kind === 'result') return 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}
