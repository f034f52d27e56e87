/** The output schemas that `tools/list` shows. @module */
import { McpTasksError } from '../../task/errors.js';
import type { DurableTool } from '../../tool/define-tool.js';
import type { ToolSchema } from '../../tool/schema.js';
import { describesObjects, either } from '../../protocol/output-schema.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { JsonSchema } from '../../tool/json-schema.js';
import type { Fallback } from './fallback.js';
import { TaskHandle } from './handle-result.js';

/** A tool's output schema as clients of one protocol version see it. */
export interface ListedOutput {
  readonly listed: JsonSchema;
  /** Whether all content that fits the tool's own schema are objects. */
  readonly objects: boolean;
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
  version: ProtocolVersion,
): ReadonlyMap<string, ListedOutput> {
  const outputs = new Map<string, ListedOutput>();
  for (const { name, outputSchema } of tools.values()) {
    if (!outputSchema) continue;
    const schema = outputJsonSchema(outputSchema, name, version);
    const own = version.listing.outputSchema(schema);
    outputs.set(name, {
      listed: handles.has(name) ? either(own, outputJsonSchema(TaskHandle, name, version)) : own,
      objects: describesObjects(schema),
    });
  }
  return outputs;
}

export function outputJsonSchema(schema: ToolSchema, tool: string, { listing }: ProtocolVersion): JsonSchema {
  try {
    return schema['~standard'].jsonSchema.output({ target: listing.dialect });
  } catch (error) {
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${tool}": its outputSchema cannot be listed as JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
