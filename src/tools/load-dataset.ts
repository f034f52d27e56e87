/** `load_dataset`: loads files into a table with a workflow of several steps. @module */
import { z } from 'zod';
import { defineTool, type DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_$-]{0,62}`;
const TABLE = new RegExp(`^(${NAME}\\.)?${NAME}$`, 'u');

export const loadDatasetOutput = z.object({
  table: z.string().describe('The loaded table, with its schema'),
  rowsIn: z.int().describe('Rows counted in the source'),
  rowsOut: z.int().describe('Rows counted in the loaded table'),
  checksum: z
    .string()
    .describe(
      "The sum of a hash of every row, the same in the source and in the table: computed by each side's own engine",
    ),
  chunks: z.int(),
  chunksRedone: z.int().describe('Chunks that more than one attempt began, after a crash or a lost connection'),
  attempts: z.int().describe('Attempts the load step took'),
  files: z.int(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).describe("Names and DuckDB's types"),
  seconds: z.number(),
});

export function loadDatasetTool(config: ToolsConfig): DurableTool {
  const databases = Object.keys(config.databases).sort();
  return defineTool({
    name: 'load_dataset',
    title: 'Load a dataset',
    description:
      'Loads CSV, NDJSON, JSON or Parquet files into a new database table, every row exactly once, and checks it by count and ' +
      'checksum before the table appears. Nothing changes in the database if it fails or is cancelled. ' +
      'In CSV an empty field is NULL, quoted or not. ' +
      `Databases: ${databases.join(', ') || 'none configured'}.`,
    inputSchema: z.object({
      source: z
        .string()
        .min(1)
        .describe('A file, or a glob such as "sales/*.csv" for several files with the same columns'),
      format: z.enum(['csv', 'json', 'ndjson', 'parquet']).optional().describe('Told by the file name if not given'),
      header: z
        .boolean()
        .optional()
        .describe('CSV: whether the first row holds the column names. Found out if not given'),
      database: z.string().default('default').describe('The name of a configured database'),
      table: z
        .string()
        .regex(TABLE, 'must be a table name, or schema.table')
        .describe('The table, optionally with its schema; upper and lower case differ'),
      mode: z
        .enum(['create', 'replace'])
        .default('create')
        .describe(
          '"create" fails if the table exists; "replace" puts the new table in its place (without its indexes, constraints and grants)',
        ),
      chunkRows: z
        .int()
        .min(1_000)
        .max(10_000_000)
        .default(100_000)
        .describe('Rows committed at a time, at most redone after a crash'),
    }),
    outputSchema: loadDatasetOutput,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    workflow: 'loadDataset',
  });
}
