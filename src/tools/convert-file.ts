/** `convert_file`: one file format into another, as a plain function with checkpoints. @module */
import { z } from 'zod';
import { defineTool, type DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';
import { convert, type ConvertCheckpoint } from './convert/convert.js';

const FORMAT = z.enum(['csv', 'json', 'ndjson', 'parquet']);

const input = z.object({
  source: z.string().min(1).describe('A file, or a glob such as "logs/*.ndjson" for several files with the same columns'),
  format: FORMAT.optional().describe("The source's format; told by its name if not given"),
  header: z.boolean().optional().describe('CSV: whether the first row holds the column names. Found out if not given'),
  target: z.string().min(1).describe('The file to write, in a folder that exists'),
  targetFormat: FORMAT.optional().describe('Told by the name of the target if not given'),
  overwrite: z.boolean().default(false).describe('Whether the target may exist; it is then replaced when the new file is complete'),
});

const output = z.object({
  target: z.string(),
  format: FORMAT,
  rows: z.int(),
  bytes: z.int(),
  files: z.int().describe('Files that were read'),
});

export type ConvertArguments = z.output<typeof input>;
export type ConvertResult = z.output<typeof output>;

export function convertFileTool(config: ToolsConfig): DurableTool {
  return defineTool<typeof input, typeof output, ConvertCheckpoint>({
    name: 'convert_file',
    title: 'Convert a file',
    description: 'Converts between CSV, NDJSON, JSON and Parquet; several files become one. The target appears when it is complete.',
    inputSchema: input,
    outputSchema: output,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    run: async (args, ctx) => await convert(config, args, ctx),
  });
}
