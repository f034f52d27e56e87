/** Input and output schemas of `convert_file`. @module */
import { z } from 'zod';

const FORMAT = z.enum(['csv', 'json', 'ndjson', 'parquet']);

export const convertInput = z.object({
  source: z
    .string()
    .min(1)
    .describe('A file, or a glob such as "logs/*.ndjson" for several files with the same columns'),
  format: FORMAT.optional().describe("The source's format; told by its name if not given"),
  header: z.boolean().optional().describe('CSV: whether the first row holds the column names. Found out if not given'),
  target: z
    .string()
    .min(1)
    .describe('The file to write, in a folder that exists; its name must end as a data file does'),
  targetFormat: FORMAT.optional().describe('Told by the name of the target if not given'),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether the target may exist; it is then replaced when the new file is complete'),
});

export const convertOutput = z.object({
  target: z.string(),
  format: FORMAT,
  rows: z.int(),
  bytes: z.int(),
  files: z.int().describe('Files that were read'),
});

export type ConvertArguments = z.output<typeof convertInput>;
export type ConvertResult = z.output<typeof convertOutput>;
