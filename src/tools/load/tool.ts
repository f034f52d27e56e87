/** The definition of `load_dataset`, which loads files into a table with a multi-step workflow. @module */
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../tool/define-tool.js';
import type { ToolsConfig } from '../config.js';
import { remoteHint } from '../remote/limits.js';
import { chosenTypes } from '../source/chosen-types.js';
import { whereSchema } from '../source/where.js';

/** How many columns a call may list: PostgreSQL's limit for a table. */
const MOST_COLUMNS = 1_600;
const NAME = String.raw`[\p{L}_][\p{L}\p{N}_$-]{0,62}`;
const TABLE = new RegExp(`^(${NAME}\\.)?${NAME}$`, 'u');

const loadDatasetOutput = z.object({
  table: z.string().describe('The loaded table, as schema.table'),
  rowsIn: z.int().describe('Number of rows in the source, of those that match `where`'),
  rowsExcluded: z.int().optional().describe('Number of rows in the source that do not match `where`'),
  rowsOut: z.int().describe('Number of rows in the loaded table, or of rows added by an "upsert"'),
  rowsInserted: z.int().optional().describe('"upsert" only: number of rows that are new in the table'),
  rowsUpdated: z.int().optional().describe('"upsert" only: number of rows that have replaced rows with the same key'),
  checksum: z
    .string()
    .describe(
      'The sum of the hashes of all rows. Computed from the source and, by the database, from the table; both are equal',
    ),
  chunks: z.int().describe('Number of chunks, each loaded in a transaction of its own'),
  chunksRedone: z
    .int()
    .describe('Number of chunks that were started more than once, because of a crash or a lost connection'),
  attempts: z.int().describe('Number of attempts that the load step needed'),
  files: z.int().describe('Number of source files'),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).describe('Column names and their DuckDB types'),
  seconds: z.number().describe('Duration of the whole load'),
});

/** Its workflow is `workflows/tools/load-dataset.ts`, and the workflow's steps are in `activities.ts`. */
export function defineLoadDataset(config: ToolsConfig): DurableTool {
  const databases = Object.keys(config.databases).sort();
  return defineTool({
    name: 'load_dataset',
    title: 'Load a dataset',
    description:
      'Loads CSV, NDJSON, JSON or Parquet files into a database table: a new one, in place of an old one, or added to one (`mode`). Every row is loaded exactly once, and row ' +
      'count and checksum are verified before the table appears or changes. If the load fails or is cancelled, the database ' +
      'stays unchanged. No value is changed: text that is not exactly a number, date or time stays text, unless `types` ' +
      'says otherwise. Empty CSV fields become NULL; quoted empty fields stay empty text. ' +
      `Databases: ${databases.join(', ') || 'none configured'}.${remoteHint(config.remote)}`,
    inputSchema: z.object({
      source: z
        .string()
        .min(1)
        .describe('A file, or a glob such as "sales/*.csv" for several files with the same columns'),
      format: z
        .enum(['csv', 'json', 'ndjson', 'parquet'])
        .optional()
        .describe('Default: determined by the file extension'),
      header: z
        .boolean()
        .optional()
        .describe('CSV only: whether the first row contains the column names. Default: detected'),
      types: chosenTypes,
      columns: z
        .array(z.string().min(1))
        .min(1)
        .max(MOST_COLUMNS)
        .optional()
        .describe('The columns of the source to load, in the order of the new table. Default: all'),
      where: whereSchema,
      database: z.string().default('default').describe('The name of a configured database'),
      table: z
        .string()
        .regex(TABLE, 'must be a table name or schema.table')
        .describe('The table, as table or schema.table. Names are case-sensitive in PostgreSQL'),
      mode: z
        .enum(['create', 'replace', 'upsert'])
        .default('create')
        .describe(
          '"create" fails if the table exists. "replace" puts the new table in its place. ' +
            '"upsert" adds the rows to the existing table: rows whose `key` exists are replaced, all others are inserted',
        ),
      key: z
        .array(z.string().min(1))
        .min(1)
        .max(32)
        .optional()
        .describe(
          '"upsert" only: the columns that decide which rows are the same, such as ["id"]: those of a primary key or unique index of the table',
        ),
      keep: z
        .boolean()
        .default(true)
        .describe(
          '"replace" only: whether the new table gets the indexes, constraints, defaults, comments, grants and owner of the old one. ' +
            'If that is not possible, the load fails and says why',
        ),
      chunkRows: z
        .int()
        .min(1_000)
        .max(10_000_000)
        .default(100_000)
        .describe('Rows per transaction, which is also the most that is loaded again after a crash'),
    }),
    outputSchema: loadDatasetOutput,
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: config.remote !== undefined,
    },
    workflow: 'loadDataset',
  });
}
