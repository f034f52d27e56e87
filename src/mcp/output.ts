/** Holds a result against its tool's output schema. @module */
import { errorResult } from '../task/result.js';
import type { Outcome, Task } from '../task/task.js';
import type { DurableTool } from '../tool/define-tool.js';
import { validate } from '../tool/schema.js';
import type { TaskService } from './service.js';

/**
 * The outcome, or a tool error where a successful result does not fit the schema. Done when a result is read, because a
 * workflow of the author's own, in any language, returns what it likes.
 */
export async function fittingOutcome(tool: DurableTool | undefined, outcome: Outcome): Promise<Outcome> {
  if (!tool?.outputSchema || outcome.kind !== 'result' || outcome.result.isError) return outcome;
  const checked = await validate(tool.outputSchema, outcome.result.structuredContent);
  if (!('problems' in checked)) return outcome;
  return { kind: 'result', result: errorResult(`The result of tool ${tool.name} does not fit its output schema: ${checked.problems}`) };
}

/** The task, its outcome held against its tool's output schema. */
export async function fittingTask({ tools }: TaskService, task: Task): Promise<Task> {
  return task.outcome ? { ...task, outcome: await fittingOutcome(tools.get(task.tool), task.outcome) } : task;
}
