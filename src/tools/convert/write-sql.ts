/** Builds the SQL that writes rows to a file, from which reading yields the same values. Pure. @module */
import { ident, joined, literal } from '../sql.js';
import type { Column, Format } from '../source/pins.js';
import { typeKind } from '../source/type-kind.js';

export interface WriteSql {
  readonly sql: string;
  /** How many lines the file has besides its rows, as `COPY` counts them. */
  readonly extra: number;
}

/** @param from reads the columns, with their types */
export function writeSql(columns: readonly Column[], from: string, format: Format, path: string): WriteSql {
  if (format === 'parquet') {
    const select = columns.map((column) => `${parquetValue(column)} AS ${ident(column.name)}`).join(', ');
    return { sql: `COPY (SELECT ${select} FROM ${from}) TO ${literal(path)} (FORMAT parquet)`, extra: 0 };
  }
  const { before = [], line, after = [] } = format === 'csv' ? csv(columns, delimiter(path)) : json(columns, format);
  const select = [
    ...before.map((each) => `SELECT ${literal(each)}`),
    `SELECT ${line} FROM ${from}`,
    ...after.map((each) => `SELECT ${literal(each)}`),
  ];
  // Without a delimiter or quotes, each line is written unchanged.
  const options = `FORMAT csv, HEADER false, DELIMITER '', QUOTE '', ESCAPE ''`;
  const sql = `COPY (${select.join(' UNION ALL ')}) TO ${literal(path)} (${options})`;
  return { sql, extra: before.length + after.length };
}

interface Text {
  readonly before?: readonly string[];
  /** SQL for a row's line. */
  readonly line: string;
  readonly after?: readonly string[];
}

function json(columns: readonly Column[], format: 'json' | 'ndjson'): Text {
  if (format === 'ndjson') return { line: jsonLine(columns) };
  const comma = `CASE WHEN row_number() OVER () = 1 THEN '' ELSE ',' END`;
  return { before: ['['], line: `${comma} || ${jsonLine(columns)}`, after: [']'] };
}

function csv(columns: readonly Column[], separator: string): Text {
  const header = columns.map(({ name }) => (QUOTED.test(name) ? `"${name.replaceAll('"', '""')}"` : name));
  const fields = joined(columns.map(csvField), separator);
  // An empty line is a NULL in a file of one column.
  return { before: [header.join(separator)], line: `nullif(${fields}, '')` };
}

function delimiter(path: string): string {
  return /\.tsv(?:\.(?:gz|zst))?$/i.test(path) ? '\t' : ',';
}

/** Writes JSON as text, because DuckDB's own writer would change numbers inside JSON values. */
function jsonLine(columns: readonly Column[]): string {
  const fields = columns.map(
    (column) => `${literal(`${JSON.stringify(column.name)}:`)} || coalesce(${jsonValue(column)}, 'null')`,
  );
  return `'{' || ${joined(fields, ',')} || '}'`;
}

function jsonValue({ name, type }: Column): string {
  const value = ident(name);
  const kind = typeKind(type);
  if (kind === 'boolean' || kind === 'integer' || kind === 'float') return `${value}::VARCHAR`;
  // DuckDB prints 0.5 without its zero if the type is DECIMAL(1,1).
  if (kind === 'decimal') return `regexp_replace(${value}::VARCHAR, '^(-?)[.]', '\\10.')`;
  // JSON strings contain no raw line breaks, so these are only white space.
  if (kind === 'json')
    return `translate(${type === 'JSON' ? value : `to_json(${value})`}::VARCHAR, chr(10) || chr(13), '  ')`;
  return `to_json(${value}::VARCHAR)::VARCHAR`;
}

/**
 * Text that contains one of these is quoted. DuckDB's own writer doesn't quote delimiters other than the comma, so a
 * reader might take them for the file's delimiter.
 */
const QUOTED = /^$|["',;|#\s\\]/;

function csvField({ name, type }: Column): string {
  const kind = typeKind(type);
  const value = `${kind === 'json' && type !== 'JSON' ? `to_json(${ident(name)})` : ident(name)}::VARCHAR`;
  if (kind === 'boolean' || kind === 'integer' || kind === 'float' || kind === 'decimal')
    return `coalesce(${value}, '')`;
  const quoted = `'"' || replace(${value}, '"', '""') || '"'`;
  return `coalesce(CASE WHEN regexp_matches(${value}, ${literal(QUOTED.source)}) THEN ${quoted} ELSE ${value} END, '')`;
}

/** Parquet has no 128-bit integers: DuckDB would write them as DOUBLE. */
function parquetValue({ name, type }: Column): string {
  return type === 'HUGEINT' || type === 'UHUGEINT' ? `${ident(name)}::DECIMAL(38,0)` : ident(name);
}
