/** Detects dialects and columns of a source's files, with the types that a sample or the format suggests. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral } from '../sql.js';
import { describeSql, refuseDuplicates, type DescribedFile } from './column-types.js';
import { sniffCsv } from './describe-csv.js';
import { describeJson } from './describe-json.js';
import type { Column, Format } from './pins.js';
import type { SourceSession } from './session.js';

/** @param header CSV: whether the first row holds the column names; detected if undefined */
export async function describeFiles(
  session: SourceSession,
  format: Format,
  paths: readonly string[],
  header: boolean | undefined,
): Promise<DescribedFile[]> {
  if (format === 'json' || format === 'ndjson') return await describeJson(session, format, paths);
  const files: DescribedFile[] = [];
  for (const path of paths) {
    files.push(
      format === 'csv' ? await sniffCsv(session, path, header) : { columns: await describeParquet(session, path) },
    );
  }
  return files;
}

async function describeParquet(session: SourceSession, path: string): Promise<Column[]> {
  const columns = await describeSql(
    session,
    `SELECT * FROM read_parquet(${fileLiteral(path)}, hive_partitioning = false)`,
    [path],
  );
  refuseDuplicates(
    basename(path),
    columns.map(({ name }) => name),
    'column',
  );
  return columns;
}

const SAME = 'all files of a source must have the same columns';

/**
 * Returns the names of the columns, in the order of the first file.
 *
 * @throws ToolError if the files do not all have the same columns
 */
export function commonNames(paths: readonly string[], files: readonly DescribedFile[]): string[] {
  const [first] = files;
  if (!first) return [];
  for (const [i, { columns }] of files.entries()) {
    const missing = first.columns.find(({ name }) => !columns.some((column) => column.name === name));
    if (missing)
      throw new ToolError(
        `${basename(paths[i]!)} has no column "${missing.name}", but ${basename(paths[0]!)} does; ${SAME}`,
      );
    const more = columns.find(({ name }) => !first.columns.some((column) => column.name === name));
    if (more)
      throw new ToolError(
        `${basename(paths[i]!)} has a column "${more.name}", but ${basename(paths[0]!)} does not; ${SAME}`,
      );
  }
  return first.columns.map(({ name }) => name);
}
