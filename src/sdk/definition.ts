/** A tool's definition in this SDK's `tools/list`. Pure. @module */
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { ListedTool } from '../mcp/handlers/listing.js';
import type { Listing } from '../protocol/version.js';

export function toolDefinition(
  { name, title, description, inputSchema, outputSchema, annotations, taskSupport }: ListedTool,
  listing: Listing,
): Tool {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema: { ...inputSchema['~standard'].jsonSchema.input({ target: listing.dialect }), type: 'object' },
    ...(outputSchema === undefined ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(taskSupport === undefined ? {} : { execution: { taskSupport } }),
  };
}
