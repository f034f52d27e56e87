/** The output schemas that `tools/list` shows. @module */
import { McpTasksError } from '../../task/errors.js';
import type { DurableTool } from '../../tool/define-tool.js';
import type { ToolSchema } from '../../tool/schema.js';
import { describesObjects, either, underResult, type JsonSchema } from '../../wire/output-schema.js';
import type { Era } from '../request/request.js';
import type { Fallback } from './fallback.js';
import { TaskHandle } from './handle-result.js';

/** A tool's output schema as listed in each protocol version. */
export interface ListedOutput {
  readonly listed: Readonly<Record<Era, JsonSchema>>;
  /** Whether the structured content is under `result` in 2025-11-25, which only allows objects. */
  readonly wrapped: boolean;
}

/**
 * Returns the output schemas to list, by tool name. If a tool's calls may be answered with a handle, its listed schema
 * accepts both its own results and handles: clients reject structured content that does not fit the listed schema or is
 * missing.
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
      handles.has(name) ? either(schema, outputJsonSchema(TaskHandle, name, era)) : schema;
    const own = outputJsonSchema(outputSchema, name, '2026-07-28');
    const older = outputJsonSchema(outputSchema, name, '2025-11-25');
    const wrapped = !describesObjects(older);
    // Clients of 2025-11-25 require `type: 'object'` at the root itself.
    const object = wrapped ? underResult(older) : { ...older, type: 'object' };
    outputs.set(name, {
      listed: { '2025-11-25': orHandle(object, '2025-11-25'), '2026-07-28': orHandle(own, '2026-07-28') },
      wrapped,
    });
  }
  return outputs;
}

/** The JSON Schema dialect that clients of each version compile by default. */
const DIALECT = { '2025-11-25': 'draft-07', '2026-07-28': 'draft-2020-12' } as const;

export function outputJsonSchema(schema: ToolSchema, tool: string, era: Era): JsonSchema {
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
