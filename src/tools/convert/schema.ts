/** Input and output schemas of `convert_file`. @module */
import { z } from 'zod';
import { chosenTypes } from '../source/chosen-types.js';

const FORMAT = z.enum(['csv', 'json', 'ndjson', 'parquet']);

export const convertInput = z.object({
  source: z
    .string()
    .min(1)
    .describe('A file, or a glob such as "logs/*.ndjson" for several files with the same columns'),
  format: FORMAT.optional().describe('The source format. Default: determined by the file extension'),
  header: z
    .boolean()
    .optional()
    .describe('CSV only: whether the first row contains the column names. Default: detected'),
  types: chosenTypes,
  target: z
    .string()
    .min(1)
    .describe(
      'The file to write. Its folder must exist, and its name must end in .csv, .tsv, .json, .ndjson, .jsonl or ' +
        '.parquet, optionally followed by .gz or .zst',
    ),
  targetFormat: FORMAT.optional().describe("The target format, which must be that of the target's extension"),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether to replace an existing target, once the new file is complete'),
});

export const convertOutput = z.object({
  target: z.string(),
  format: FORMAT,
  rows: z.int(),
  bytes: z.int(),
  files: z.int().describe('Number of source files'),
});

export type ConvertArguments = z.output<typeof convertInput>;
export type ConvertResult = z.output<typeof convertOutput>;
