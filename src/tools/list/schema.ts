/** Input and output schemas of `list_files`, and its limits. @module */
import { z } from 'zod';

/** How many files, and how many folders, one answer contains. */
export const MOST_LISTED = 200;
/** Of how many files one answer contains the columns. */
export const MOST_DESCRIBED = 50;
/** How many columns of a file an answer contains. */
export const MOST_COLUMNS = 100;

export const listInput = z.object({
  path: z
    .string()
    .min(1)
    .default('.')
    .describe(
      'A folder, a file, or a pattern such as "**/*.csv". Default: the folders that the tools may access, without ' +
        'what is in their subfolders',
    ),
  columns: z.boolean().default(true).describe('Whether to include the column names of data files'),
  after: z.string().min(1).optional().describe('Lists the files after this path: the last one of the previous answer'),
});

export const listOutput = z.object({
  folders: z.array(z.string()).describe('The subfolders of a folder, as paths for another call of this tool'),
  files: z.array(
    z.object({
      path: z.string().describe('The path to pass to load_dataset or convert_file'),
      bytes: z.int(),
      modified: z.string().describe('When the file was last changed'),
      format: z
        .enum(['csv', 'json', 'ndjson', 'parquet'])
        .optional()
        .describe('According to the name; missing if the file is not a data file'),
      compression: z.enum(['gzip', 'zstd']).optional(),
      rows: z.int().optional().describe('Number of rows, if the file declares it, as Parquet does'),
      columns: z
        .array(z.object({ name: z.string(), type: z.string().optional() }))
        .optional()
        .describe('The columns of the beginning of the file, with their types if the file declares them'),
      problem: z.string().optional().describe('Why the columns cannot be read'),
    }),
  ),
  more: z.boolean().describe('Whether there are more files: pass the last path as `after`'),
  notes: z.array(z.string()).describe('What the answer leaves out, and how to get it'),
});

export type ListArguments = z.output<typeof listInput>;
export type ListResult = z.output<typeof listOutput>;
export type ListedFile = ListResult['files'][number];
