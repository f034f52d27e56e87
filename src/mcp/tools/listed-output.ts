/** The output schemas that `tools/list` shows. @module */
import { McpTasksError } from '../../task/errors.js';
import type { DurableTool } from '../../tool/define-tool.js';
import type { ToolSchema } from '../../tool/schema.js';
import { describesObjects, either, underResult, type JsonSchema } from '../../wire/output-schema.js';
import type { Era } from '../request/request.js';
import type { Fallback } from './fallback.js';
import { TaskHandle } from './handle-result.js';

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
      handles.has(name) ? either(schema, outputJsonSchema(TaskHandle, name, era)) : schema;
    const own = outputJsonSchema(outputSchema, name, '2026-07-28');
    const older = outputJsonSchema(outputSchema, name, '2025-11-25');
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

/** The dialects that clients of either version compile without being told how. */
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
