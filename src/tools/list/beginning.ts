/** Reads the columns of a file from its beginning. @module */
import { milliseconds } from '../../task/duration.js';
import { ToolError } from '../../tool/errors.js';
import type { ToolsConfig } from '../config.js';
import type { DuckDBLimits } from '../duckdb-limits.js';
import { describeSql } from '../source/column-types.js';
import { sniffCsv } from '../source/describe-csv.js';
import { jsonLayout } from '../source/describe-json.js';
import type { Column, Format } from '../source/pins.js';
import { SourceSession } from '../source/session.js';
import { jsonObjects } from '../source/text-rows.js';
import { fileLiteral } from '../sql.js';
import { MOST_COLUMNS, type ListedFile } from './schema.js';

/** How many rows of a JSON file to look at: their fields are its columns. */
const ROWS = 1_000;
/** How long one statement may take, in milliseconds. */
const TIME = 5_000;

export interface BeginningOf {
  /** The real path. */
  readonly path: string;
  readonly format: Format;
  /** In bytes. */
  readonly size: number;
}

type Beginning = Pick<ListedFile, 'rows' | 'columns' | 'problem'>;

/** Returns the columns of a file, or what prevents reading them. */
export async function describeBeginning(
  { duckdb }: ToolsConfig,
  file: BeginningOf,
  signal: AbortSignal,
): Promise<Beginning> {
  if (file.size === 0) return { problem: 'the file is empty' };
  const time = Math.min(TIME, duckdb?.time === undefined ? TIME : milliseconds(duckdb.time, 'duckdb.time'));
  const limits: DuckDBLimits = { ...duckdb, threads: 1, time: `${time} ms` };
  const session = await SourceSession.open([file.path], signal, { limits });
  try {
    return shortened(await columnsOf(session, file));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { problem: error.message };
  } finally {
    session.close();
  }
}

async function columnsOf(session: SourceSession, file: BeginningOf): Promise<Beginning> {
  if (file.format === 'parquet') return await parquet(session, file.path);
  if (file.format === 'csv') return { columns: names((await sniffCsv(session, file.path, undefined)).columns) };
  return { columns: await jsonFields(session, file) };
}

async function parquet(session: SourceSession, path: string): Promise<Beginning> {
  const from = `read_parquet(${fileLiteral(path)}, hive_partitioning = false)`;
  const columns = await describeSql(session, `SELECT * FROM ${from}`, [path]);
  const [row] = await session.rows(
    `SELECT sum(num_rows)::VARCHAR AS rows FROM parquet_file_metadata(${fileLiteral(path)})`,
    [path],
  );
  return { rows: Number(row?.['rows']), columns: [...columns] };
}

async function jsonFields(session: SourceSession, { path, format }: BeginningOf): Promise<{ name: string }[]> {
  const layout = format === 'ndjson' ? 'newline_delimited' : await jsonLayout(path);
  const rows = await session.rows(
    `SELECT to_json(json_keys(json))::VARCHAR AS keys
     FROM (SELECT json, row_number() OVER () AS row FROM (SELECT json FROM ${jsonObjects({ path, layout })} LIMIT ${ROWS}))
     WHERE json_type(json) = 'OBJECT' GROUP BY 1 ORDER BY min(row)`,
    [path],
  );
  const fields = new Set(rows.flatMap(({ keys }) => JSON.parse(String(keys)) as string[]));
  return [...fields].map((name) => ({ name }));
}

/** A CSV file does not declare types, and those of a sample could differ from those of all values. */
function names(columns: readonly Column[]): { name: string }[] {
  return columns.map(({ name }) => ({ name }));
}

function shortened({ columns = [], ...more }: Beginning): Beginning {
  if (columns.length <= MOST_COLUMNS) return { columns, ...more };
  const problem = `only the first ${MOST_COLUMNS} of ${columns.length} columns are listed`;
  return { columns: columns.slice(0, MOST_COLUMNS), ...more, problem };
}
