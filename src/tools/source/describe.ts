/** Detects dialects, columns and types of a source's files. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral } from '../sql.js';
import { commonType, describeSql, type DescribedFile } from './column-types.js';
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
  return await describeSql(session, `SELECT * FROM read_parquet(${fileLiteral(path)}, hive_partitioning = false)`, [
    path,
  ]);
}

const SAME = 'all files of a source must have the same columns';

/**
 * Returns the columns shared by all files, in the order of the first file, with types that fit every file.
 *
 * @throws ToolError if the files do not all have the same column names
 */
export async function commonColumns(
  session: SourceSession,
  paths: readonly string[],
  files: readonly DescribedFile[],
): Promise<Column[]> {
  const [first] = files;
  if (!first) return [];
  const types = new Map(first.columns.map(({ name, type }) => [name, new Set([type])]));
  for (const [i, { columns }] of files.entries()) {
    const missing = first.columns.find(({ name }) => !columns.some((column) => column.name === name));
    if (missing)
      throw new ToolError(
        `${basename(paths[i]!)} has no column "${missing.name}", but ${basename(paths[0]!)} does; ${SAME}`,
      );
    for (const { name, type } of columns) {
      const known = types.get(name);
      if (!known)
        throw new ToolError(
          `${basename(paths[i]!)} has a column "${name}", but ${basename(paths[0]!)} does not; ${SAME}`,
        );
      known.add(type);
    }
  }
  const common: Column[] = [];
  for (const [name, found] of types) common.push({ name, type: await commonType(session, [...found]) });
  return common;
}
