/** Checks a task's result against its tool's output schema. @module */
import { LRUCache } from 'lru-cache';
import { errorResult, type ToolResult } from '../../task/result.js';
import type { EndedTask, Outcome, Task } from '../../task/task.js';
import { anyPattern } from '../../json-schema/pattern.js';
import { fromJsonSchema, type JsonSchema } from '../../tool/json-schema.js';
import { validate, type ToolSchema } from '../../tool/schema.js';
import { describesObjects } from '../../protocol/output-schema.js';
import { rpcFault } from '../../protocol/errors.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';
import { linkedOutcome } from './result-links.js';

/** How many compiled schemas are cached. */
const MOST_SCHEMAS = 200;

interface Output {
  readonly schema: ToolSchema;
  /** Returns whether all content that fits the schema are objects, as clients of a version see it. */
  readonly objects: (version: ProtocolVersion) => boolean;
}

const carriedOutputs = new LRUCache<string, Output>({ max: MOST_SCHEMAS });

/**
 * Returns the output schema to check the task's result against. For a task that carries its mapping, that is the schema
 * it was started with, so an ended task reads the same even if its tool has changed since.
 */
function outputOf({ tools }: TaskService, { tool, mapping }: Task): Output | undefined {
  if (mapping?.output === null) return undefined;
  if (mapping?.output) return carriedOutput(mapping.output);
  const schema = tools.get(tool)?.outputSchema;
  return schema && { schema, objects: (version) => tools.outputs(version).get(tool)?.objects ?? true };
}

function carriedOutput(schema: JsonSchema): Output {
  const key = JSON.stringify(schema);
  const objects = describesObjects(schema);
  const output = carriedOutputs.get(key) ?? { schema: fromJsonSchema(schema, anyPattern), objects: () => objects };
  carriedOutputs.set(key, output);
  return output;
}

/**
 * Returns the outcome, or a tool error if a successful result does not fit the schema. The check happens when the
 * result is read, because an author's own workflow, in any language, can return anything.
 */
async function fittingOutcome(tool: string, output: Output | undefined, outcome: Outcome): Promise<Outcome> {
  if (!output || outcome.kind !== 'result' || outcome.result.isError) return outcome;
  const checked = await validate(output.schema, outcome.result.structuredContent);
  if (!('problems' in checked)) return outcome;
  return {
    kind: 'result',
    result: errorResult(`The result of tool ${tool} does not match its output schema: ${checked.problems}`),
  };
}

/** Returns the task with its outcome as clients get it: checked against the output schema, and linked if large. */
export async function fittingTask(service: TaskService, task: Task): Promise<Task> {
  if (!task.outcome) return task;
  const fitting = await fittingOutcome(task.tool, outputOf(service, task), task.outcome);
  return { ...task, outcome: linkedOutcome(service.tools.get(task.tool), task, fitting) };
}

/**
 * Returns the result that the call itself answers with.
 * @throws the task's JSON-RPC error
 */
export async function resultOf(service: TaskService, version: ProtocolVersion, task: EndedTask): Promise<ToolResult> {
  const output = outputOf(service, task);
  const fitting = await fittingOutcome(task.tool, output, task.outcome);
  const linked = linkedOutcome(service.tools.get(task.tool), task, fitting);
  const answer = version.tasks.answer(linked, output?.objects(version) ?? true);
  if ('error' in answer) throw rpcFault(answer.error);
  return answer.result;
}
