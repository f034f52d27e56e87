/** Tasks in the format of protocol 2025-11-25 (experimental tasks, SEP-1686). Pure. @module */
import type { Outcome, Task } from '../../task/task.js';
import { answerOf, openStatus, taskFields, type CallAnswer, type Status, type TaskFields } from '../task.js';

/** The `_meta` key that names the task a message belongs to. */
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** A type, not an interface: the SDKs' results have an index signature, which only a type satisfies. */
export type Task2025 = TaskFields & {
  readonly ttl: number | null;
  readonly pollInterval: number;
};

export function task2025(task: Task, pollInterval: number): Task2025 {
  return { ...taskFields(task, status2025(task)), ttl: task.ttl, pollInterval };
}

/** Returns the task's status. In this version a tool result with `isError` makes the task `failed`. */
export function status2025(task: Task): Status {
  const { outcome } = task;
  if (!outcome) return openStatus(task);
  if (outcome.kind === 'result') return outcome.result.isError ? 'failed' : 'completed';
  return outcome.kind === 'error' ? 'failed' : 'cancelled';
}

/**
 * Returns the answer in this version's format. Structured content has to be an object here; anything else is dropped,
 * and only the result's text carries it.
 * @param objects whether the tool's output schema is for objects. If not, the content is nested under `result`, as the
 * listed schema says
 */
export function answer2025(outcome: Outcome, objects = true): CallAnswer {
  const answer = answerOf(outcome);
  if ('error' in answer) return answer;
  const { structuredContent, ...rest } = answer.result;
  if (!objects && structuredContent !== undefined)
    return { result: { ...rest, structuredContent: { result: structuredContent } } };
  const isObject =
    typeof structuredContent === 'object' && structuredContent !== null && !Array.isArray(structuredContent);
  return isObject ? answer : { result: rest };
}

/** Returns the `_meta` for a message that belongs to a task. */
export function relatedTask(taskId: string): Readonly<Record<string, { readonly taskId: string }>> {
  return { [RELATED_TASK]: { taskId } };
}
