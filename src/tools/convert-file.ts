/** `convert_file`: converts between file formats; a plain function tool with checkpoints. @module */
import { defineTool, type DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';
import { convert, type ConvertCheckpoint } from './convert/convert.js';
import { convertInput, convertOutput } from './convert/schema.js';

export function convertFileTool(config: ToolsConfig): DurableTool {
  return defineTool<typeof convertInput, typeof convertOutput, ConvertCheckpoint>({
    name: 'convert_file',
    title: 'Convert a file',
    description:
      'Converts between CSV, NDJSON, JSON and Parquet; several files become one. The target appears when it is complete.',
    inputSchema: convertInput,
    outputSchema: convertOutput,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    run: async (args, ctx) => await convert(config, args, ctx),
  });
}
