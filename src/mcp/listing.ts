/** The tools as `tools/list` has them. @module */
import { McpTasksError } from '../task/errors.js';
import type { DurableTool, ToolHints } from '../tool/define-tool.js';
import type { ToolSchema } from '../tool/schema.js';
import { describesObjects, either, underResult, type JsonSchema } from '../wire/output-schema.js';
import { companions } from './companions.js';
import { declaresTasks } from './capabilities.js';
import type { Fallback } from './fallback.js';
import { TaskHandle } from './handle-result.js';
import type { Owner } from './owner.js';
import type { Answer, Era, RequestContext } from './request.js';
import type { TaskService } from './service.js';

export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: ToolSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations?: ToolHints;
  /** Companions have none. */
  readonly taskSupport?: DurableTool['taskSupport'];
}

/** A tool's output schema as each protocol version lists it. */
export interface ListedOutput {
  readonly listed: Readonly<Record<Era, JsonSchema>>;
  /** Whether 2025-11-25, which knows only objects, has the structured content under `result`. */
  readonly wrapped: boolean;
}

/**
 * A tool whose calls may be answered with a handle lists a schema that both fit, its own and the handle's: clients refuse
 * what does not fit, and a result without structured content where a schema is listed.
 * @throws McpTasksError `CONFIGURATION` for a schema that JSON Schema cannot express
 */
export function listedOutputs(
  tools: ReadonlyMap<string, DurableTool>,
  { handles }: Fallback,
): ReadonlyMap<string, ListedOutput> {
  const outputs = new Map<string, ListedOutput>();
  for (const { name, outputSchema } of tools.values()) {
    if (!outputSchema) continue;
    const orHandle = (schema: JsonSchema, era: Era): JsonSchema =>
      handles.has(name) ? either(schema, jsonSchema(TaskHandle, name, era)) : schema;
    const own = jsonSchema(outputSchema, name, '2026-07-28');
    const older = jsonSchema(outputSchema, name, '2025-11-25');
    const wrapped = !describesObjects(older);
    // The root says so itself, for clients of 2025-11-25.
    const object = wrapped ? underResult(older) : { ...older, type: 'object' };
    outputs.set(name, {
      listed: { '2025-11-25': orHandle(object, '2025-11-25'), '2026-07-28': orHandle(own, '2026-07-28') },
      wrapped,
    });
  }
  return outputs;
}

export function listedTools(service: TaskService, era: Era, owner: Owner): readonly ListedTool[] {
  const durable = [...service.tools.values()].map(({ outputSchema, ...tool }) => {
    const output = outputSchema && service.tools.outputs.get(tool.name);
    return { ...tool, ...(output ? { outputSchema: output.listed[era] } : {}) };
  });
  const added = companions(service, era, owner).map(({ outputSchema, ...tool }) => ({
    ...tool,
    ...(outputSchema ? { outputSchema: jsonSchema(outputSchema, tool.name, era) } : {}),
  }));
  return [...durable, ...added];
}

/**
 * The list as this request is to see it: one that speaks tasks needs no companions. As it depends on who asks, it is nobody
 * else's to keep.
 */
export function listFor(service: TaskService, era: Era, ctx: RequestContext, list: Answer): Answer {
  if (era === '2025-11-25' || service.tools.fallback.handles.size === 0) return list;
  const names = new Set(companions(service, era, ctx.owner).map(({ name }) => name));
  const tools = (list['tools'] as readonly { name: string }[]).filter(
    ({ name }) => !declaresTasks(ctx) || !names.has(name),
  );
  return { ...list, tools, cacheScope: 'private' };
}

/** The dialects that clients of either version compile without being told how. */
const DIALECT = { '2025-11-25': 'draft-07', '2026-07-28': 'draft-2020-12' } as const;

function jsonSchema(schema: ToolSchema, tool: string, era: Era): JsonSchema {
  try {
    return schema['~standard'].jsonSchema.output({ target: DIALECT[era] });
  } catch (error) {
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${tool}": its outputSchema cannot be listed as JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
