/** Tasks in the format of protocol 2025-11-25 (experimental tasks, SEP-1686). Pure. @module */
import type { ToolResult } from '../task/result.js';
import type { Outcome, Task } from '../task/task.js';
import { answerOf, messageOf, type Answer, type Status } from './answer.js';

/** The `_meta` key that names the task a message belongs to. */
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** A type, not an interface: the SDKs' results have an index signature, which only a type satisfies. */
export type Task2025 = {
  readonly taskId: string;
  readonly status: Status;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttl: number | null;
  readonly pollInterval: number;
};

export function task2025(task: Task, pollInterval: number): Task2025 {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status: status2025(task),
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttl: task.ttl,
    pollInterval,
  };
}

/** Returns the task's status. In this version a tool result with `isError` makes the task `failed`. */
export function status2025({ outcome, inputs }: Task): Status {
  if (!outcome) return Object.keys(inputs).length > 0 ? 'input_required' : 'working';
  if (outcome.kind === 'result') return outcome.result.isError ? 'failed' : 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}

/**
 * Returns the answer in this version's format. Structured content has to be an object here; anything else is dropped,
 * and only the result's text carries it.
 * @param wrapped whether the tool's output schema is not for objects: the content is then nested under `result`, as the
 * listed schema says
 */
export function answer2025(outcome: Outcome, wrapped = false): Answer {
  const answer = answerOf(outcome);
  if ('error' in answer) return answer;
  const { structuredContent, ...rest } = answer.result;
  if (wrapped && structuredContent !== undefined)
    return { result: { ...rest, structuredContent: { result: structuredContent } } };
  const isObject =
    typeof structuredContent === 'object' && structuredContent !== null && !Array.isArray(structuredContent);
  return isObject ? answer : { result: rest };
}

/** Returns the answer to `tasks/result`: the call's own answer, with the ID of its task in `_meta`. */
export function withRelatedTask(result: ToolResult, taskId: string): ToolResult {
  return { ...result, _meta: { ...result._meta, ...relatedTask(taskId) } };
}

/** Returns the `_meta` for a message that belongs to a task. */
export function relatedTask(taskId: string): Readonly<Record<string, { readonly taskId: string }>> {
  return { [RELATED_TASK]: { taskId } };
}
