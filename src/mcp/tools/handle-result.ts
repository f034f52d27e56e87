/**
 * The task's handle as a normal result: the answer to a call by a client that does not speak tasks, while the task
 * runs.
 * @module
 */
import { z } from 'zod';
import { statusMessage } from '../../task/message.js';
import type { ToolResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import { task2025 } from '../../wire/v2025.js';
import { task2026 } from '../../wire/v2026.js';
import { CANCEL, WAIT } from './fallback.js';
import type { Era } from '../request/request.js';

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

export function taskHandle(task: Task, era: Era): TaskHandle {
  const {
    taskId,
    status,
    statusMessage: message,
    createdAt,
    lastUpdatedAt,
  } = era === '2025-11-25' ? task2025(task, 0) : task2026(task, 0);
  return {
    taskId,
    tool: task.tool,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt,
    lastUpdatedAt,
  };
}

/** Returns the task's handle. Never an error, because that would invite the model to start the work again. */
export function handleResult(task: Task, era: Era): ToolResult {
  const asks = Object.keys(task.inputs).length > 0;
  const doing = asks ? 'is waiting for an answer from the user' : 'is still running';
  const message = statusMessage(task);
  const id = JSON.stringify({ taskId: task.id });
  const text = `${task.tool} ${doing}${message === undefined ? '' : ` (${message})`}. It goes on by itself: do not start it again. Call ${WAIT} with ${id} for its result, or ${CANCEL} to stop it.`;
  return { content: [{ type: 'text', text }], structuredContent: taskHandle(task, era) };
}
