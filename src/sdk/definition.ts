/** A tool's definition in this SDK's `tools/list`. Pure. @module */
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { ListedTool } from '../mcp/handlers/listing.js';
import type { Listing } from '../protocol/version.js';
import { McpTasksError } from '../task/errors.js';
import type { ToolSchema } from '../tool/schema.js';

export function toolDefinition(
  { name, title, description, inputSchema, outputSchema, annotations, taskSupport }: ListedTool,
  listing: Listing,
): Tool {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema: inputDefinition({ name, inputSchema }, listing),
    ...(outputSchema === undefined ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(taskSupport === undefined ? {} : { execution: { taskSupport } }),
  };
}

/** @throws McpTasksError `CONFIGURATION` if the tool's input schema does not describe an object */
export function inputDefinition(
  { name, inputSchema }: { readonly name: string; readonly inputSchema: ToolSchema },
  { dialect }: Listing,
): Tool['inputSchema'] {
  const input = inputSchema['~standard'].jsonSchema.input({ target: dialect });
  if ((input['type'] ?? 'object') !== 'object')
    throw new McpTasksError('CONFIGURATION', `tool "${name}": its inputSchema has to describe an object`);
  return { ...input, type: 'object' };
}
