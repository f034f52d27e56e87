/**
 * The task's handle as a normal result: the answer to a call by a client that does not speak tasks, while the task
 * runs.
 * @module
 */
import { z } from 'zod';
import { statusMessage } from '../../task/message.js';
import type { ToolResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import { openStatus, taskFields } from '../../protocol/task.js';
import { CANCEL, WAIT } from './fallback.js';

/** Loose, because clients may still hold the schemas of an earlier version of this package. */
export const TaskHandle = z.looseObject({
  taskId: z.string(),
  tool: z.string(),
  status: z.enum(['working', 'input_required', 'completed', 'failed', 'cancelled']),
  statusMessage: z.string().optional(),
  createdAt: z.string(),
  lastUpdatedAt: z.string(),
});
export type TaskHandle = z.infer<typeof TaskHandle>;

/**
 * Returns what a model sees of a task, the same in every protocol version: a tool result with `isError` reads as
 * `failed`, because a model would take `completed` for success.
 */
export function taskHandle(task: Task): TaskHandle {
  const { taskId, ...fields } = taskFields(task, statusOf(task));
  return { taskId, tool: task.tool, ...fields };
}

function statusOf(task: Task): TaskHandle['status'] {
  const { outcome } = task;
  if (!outcome) return openStatus(task);
  if (outcome.kind === 'cancelled') return 'cancelled';
  return outcome.kind === 'error' || outcome.result.isError ? 'failed' : 'completed';
}

/** Returns the task's handle. Never an error, because that would invite the model to start the work again. */
export function handleResult(task: Task): ToolResult {
  return { content: [{ type: 'text', text: handleText(task) }], structuredContent: taskHandle(task) };
}

function handleText(task: Task): string {
  const message = statusMessage(task);
  const next = `call ${WAIT} with ${JSON.stringify({ taskId: task.id })}; to stop it, call ${CANCEL}.`;
  if (Object.keys(task.inputs).length > 0)
    return `${task.tool} is ${message}; do not start it again. The user can answer while you wait for the result: ${next}`;
  const detail = message === undefined ? '' : ` (${message})`;
  return `${task.tool} is still running${detail}; do not start it again. To get the result, ${next}`;
}
