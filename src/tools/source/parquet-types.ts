/** Finds types that fit the columns of several Parquet files. @module */
import { basename } from 'node:path';
import { ToolError } from '../../tool/errors.js';
import { fileLiteral, ident } from '../sql.js';
import { commonType, type DescribedFile } from './column-types.js';
import { firstRow } from './infer.js';
import type { Column } from './pins.js';
import type { SourceSession } from './session.js';

/**
 * Returns the columns of the first file, with types that hold the values of every file.
 *
 * @param names the columns whose types are not chosen
 * @throws ToolError naming file, row and column of a value that the common type would change
 */
export async function parquetTypes(
  session: SourceSession,
  paths: readonly string[],
  files: readonly DescribedFile[],
  names: readonly string[],
): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const name of names) {
    const found = files.map(({ columns }) => columns.find((column) => column.name === name)!.type);
    const common = await commonType(session, [...new Set(found)]);
    for (const [i, type] of found.entries()) await checkWidening(session, paths[i]!, { name, type }, common);
    types.set(name, common);
  }
  return types;
}

async function checkWidening(
  session: SourceSession,
  path: string,
  { name, type }: Column,
  common: string,
): Promise<void> {
  if (type === common) return;
  const advice = `; choose the column's type with \`types\``;
  if (common === 'TIMESTAMP WITH TIME ZONE')
    throw new ToolError(
      `${basename(path)}, column "${name}": the type is ${type}, but other files have time zones${advice}`,
    );
  const value = ident(name);
  const rows = `read_parquet(${fileLiteral(path)}, hive_partitioning = false)`;
  const changed = `TRY_CAST(TRY_CAST(original_ AS ${common}) AS ${type}) IS DISTINCT FROM original_`;
  // A column could also be named `original`.
  const from = `(SELECT ${value} AS original_, ${value}::VARCHAR AS ${value} FROM ${rows})`;
  const [row] = await session.rows(`SELECT count_if(${changed})::VARCHAR AS n FROM ${from}`, [path]);
  if (row?.['n'] === '0') return;
  const found = await firstRow(session, { path }, from, name, changed);
  throw new ToolError(`${found} does not fit the type ${common}, which other files need${advice}`);
}
