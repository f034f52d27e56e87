/** What the files of a source hold: dialects, columns and types. @module */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { ToolError } from '../../tool/errors.js';
import { ident, literal, structLiteral } from '../sql.js';
import type { Column, CsvDialect, Format, JsonLayout } from './pins.js';
import type { SourceSession } from './session.js';

export interface DescribedFile {
  readonly columns: readonly Column[];
  readonly dialect?: CsvDialect;
  readonly layout?: JsonLayout;
}

/** @param header CSV: whether the first row holds the names; found out if not given */
export async function describeFiles(
  session: SourceSession,
  format: Format,
  paths: readonly string[],
  header: boolean | undefined,
): Promise<DescribedFile[]> {
  if (format === 'json' || format === 'ndjson') return await describeJson(session, format, paths);
  const files: DescribedFile[] = [];
  for (const path of paths) {
    files.push(format === 'csv' ? await sniffCsv(session, path, header) : { columns: await describeParquet(session, path) });
  }
  return files;
}

async function describeParquet(session: SourceSession, path: string): Promise<Column[]> {
  return await describeSql(session, `SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`);
}

async function sniffCsv(session: SourceSession, path: string, header: boolean | undefined): Promise<DescribedFile> {
  const options = header === undefined ? '' : `, header = ${header}`;
  const [row] = await session.rows(
    `SELECT Delimiter, Quote, Escape, NewLineDelimiter, Comment, SkipRows, HasHeader, Columns, DateFormat, TimestampFormat
     FROM (SELECT * REPLACE (to_json(Columns)::VARCHAR AS Columns) FROM sniff_csv(${literal(path)}${options}))`,
  );
  if (!row) throw new ToolError(`${basename(path)}: not a CSV file`);
  const columns = JSON.parse(String(row['Columns'])) as Column[];
  // A sample without quotes does not mean that the rest has none.
  const quote = option(row['Quote']) || '"';
  const dateFormat = option(row['DateFormat']);
  const timestampFormat = option(row['TimestampFormat']);
  const newLine = option(row['NewLineDelimiter']);
  const dialect: CsvDialect = {
    delim: option(row['Delimiter']),
    quote,
    escape: option(row['Escape']) || quote,
    newLine: ['\\n', '\\r\\n', '\\r'].includes(newLine) ? newLine : '',
    comment: option(row['Comment']),
    skip: Number(row['SkipRows']),
    header: row['HasHeader'] === true,
    ...(dateFormat ? { dateFormat } : {}),
    ...(timestampFormat ? { timestampFormat } : {}),
    columns: columns.map(({ name }) => name),
  };
  return { columns, dialect };
}

function option(value: DuckDBValue | undefined): string {
  return typeof value === 'string' && value !== '(empty)' ? value : '';
}

/**
 * All files at once and every row of them: a field that only shows up late must have a column too,
 * for with fixed columns DuckDB leaves out the others without a word.
 */
async function describeJson(session: SourceSession, format: Format, paths: readonly string[]): Promise<DescribedFile[]> {
  const layouts = await Promise.all(paths.map(async (path) => (format === 'ndjson' ? 'newline_delimited' : await jsonLayout(path))));
  const merged: Column[] = [];
  for (const layout of new Set(layouts)) {
    const files = paths.filter((_, i) => layouts[i] === layout);
    const read = `read_json([${files.map(literal).join(', ')}], format = '${layout}', ${EVERY_FIELD}, maximum_sample_files = ${files.length})`;
    const columns = await describeSql(session, `SELECT * FROM ${read}`).catch((error: unknown) => {
      const notRecords = error instanceof ToolError && error.message.includes('non-record JSON');
      throw notRecords ? new ToolError(`${files.map((path) => basename(path)).join(', ')}: the rows must be JSON objects with fields`) : error;
    });
    await refuseCaseVariants(session, read, columns);
    for (const column of columns) {
      const known = merged.findIndex(({ name }) => name === column.name);
      if (known < 0) merged.push(column);
      else merged[known] = { name: column.name, type: await commonType(session, [merged[known]!.type, column.type]) };
    }
  }
  return layouts.map((layout) => ({ columns: merged, layout }));
}

// Without a threshold of -1, objects with many different fields become one column of type MAP.
const EVERY_FIELD = 'records = true, union_by_name = true, sample_size = -1, map_inference_threshold = -1, hive_partitioning = false';

/** DuckDB calls the second of `a` and `A` `A_1`, and would look for a field of that name when the columns are fixed. */
async function refuseCaseVariants(session: SourceSession, read: string, columns: readonly Column[]): Promise<void> {
  const names = columns.map(({ name }) => name.toLowerCase());
  for (const { name } of columns) {
    const base = /^(.+)_\d+$/.exec(name)?.[1];
    if (base === undefined || !names.includes(base.toLowerCase())) continue;
    const fixed = read.replace(EVERY_FIELD, `records = true, columns = ${structLiteral([[name, 'JSON']])}`);
    const [row] = await session.rows(`SELECT count(${ident(name)})::VARCHAR AS found FROM ${fixed}`);
    if (row?.['found'] === '0') throw new ToolError(`the fields "${base}" differ only in upper and lower case; a table cannot hold both`);
  }
}

async function jsonLayout(path: string): Promise<JsonLayout> {
  if (/\.(gz|zst)$/i.test(path)) return 'auto';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4096), position: 0 });
    return buffer.toString('utf8', 0, bytesRead).trimStart().startsWith('[') ? 'array' : 'unstructured';
  } finally {
    await handle.close();
  }
}

async function describeSql(session: SourceSession, sql: string): Promise<Column[]> {
  const rows = await session.rows(`DESCRIBE ${sql}`);
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

/** The columns of a set of files: the same names in each, in the first one's order, with types that fit all. */
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
    if (missing) throw new ToolError(`${basename(paths[i]!)} has no column "${missing.name}", which ${basename(paths[0]!)} has`);
    for (const { name, type } of columns) {
      const known = types.get(name);
      if (!known) throw new ToolError(`${basename(paths[i]!)} has a column "${name}", which ${basename(paths[0]!)} has not`);
      known.add(type);
    }
  }
  const common: Column[] = [];
  for (const [name, found] of types) common.push({ name, type: await commonType(session, [...found]) });
  return common;
}

async function commonType(session: SourceSession, types: readonly string[]): Promise<string> {
  const [type = 'VARCHAR'] = types;
  if (types.every((other) => other === type)) return type;
  const selects = types.map((each) => `SELECT NULL::${each} AS ${ident('value')}`);
  return (await describeSql(session, selects.join(' UNION ALL ')))[0]?.type ?? 'VARCHAR';
}
