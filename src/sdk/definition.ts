/** A tool's definition in the `tools/list` of 2025-11-25. Pure. @module */
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { ListedTool } from '../mcp/handlers/listing.js';
import { McpTasksError } from '../task/errors.js';
import type { ToolSchema } from '../tool/schema.js';

/** The JSON Schema dialect that clients of this SDK compile by default. */
const DIALECT = { target: 'draft-07' } as const;

export function toolDefinition({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
  taskSupport,
}: ListedTool): Tool {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema: inputDefinition(name, inputSchema),
    ...(outputSchema === undefined ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(taskSupport === undefined ? {} : { execution: { taskSupport } }),
  };
}

/** @throws McpTasksError `CONFIGURATION` if the tool's input schema does not describe an object */
export function inputDefinition(name: string, inputSchema: ToolSchema): Tool['inputSchema'] {
  const input = inputSchema['~standard'].jsonSchema.input(DIALECT);
  if ((input['type'] ?? 'object') !== 'object')
    throw new McpTasksError('CONFIGURATION', `tool "${name}": its inputSchema has to describe an object`);
  return { ...input, type: 'object' };
}
