/** A task's result, held against its tool's output schema. @module */
import { errorResult, type ToolResult } from '../task/result.js';
import type { EndedTask, Outcome, Task } from '../task/task.js';
import type { DurableTool } from '../tool/define-tool.js';
import { validate } from '../tool/schema.js';
import { answerOf } from '../wire/answer.js';
import { answer2025 } from '../wire/v2025.js';
import { rpcFault } from './errors.js';
import type { Era } from './request.js';
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

/**
 * What the call itself answers with.
 * @throws the task's JSON-RPC error
 */
export async function resultOf({ tools }: TaskService, era: Era, { tool, outcome }: EndedTask): Promise<ToolResult> {
  const fitting = await fittingOutcome(tools.get(tool), outcome);
  const answer = era === '2025-11-25' ? answer2025(fitting, tools.outputs.get(tool)?.wrapped) : answerOf(fitting);
  if ('error' in answer) throw rpcFault(answer.error);
  return answer.result;
}
