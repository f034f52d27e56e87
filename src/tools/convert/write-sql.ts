/** Builds the SQL that writes rows to a file, so that reading it gives the same values. Pure. @module */
import { ident, literal } from '../sql.js';
import type { Column, Format } from '../source/pins.js';
import { typeKind } from '../source/type-kind.js';

export interface WriteSql {
  readonly sql: string;
  /** How many lines the file has besides its rows, as `COPY` counts them. */
  readonly extra: number;
}

/** @param from reads the columns, with their types */
export function writeSql(columns: readonly Column[], from: string, format: Format, path: string): WriteSql {
  const copy = (select: string, options: string): string => `COPY (${select}) TO ${literal(path)} (${options})`;
  if (format === 'json' || format === 'ndjson') {
    // No delimiter and no quotes: each line is written as it is.
    const options = `FORMAT csv, HEADER false, DELIMITER '', QUOTE '', ESCAPE ''`;
    const line = jsonLine(columns);
    if (format === 'ndjson') return { sql: copy(`SELECT ${line} FROM ${from}`, options), extra: 0 };
    const rows = `SELECT CASE WHEN row_number() OVER () = 1 THEN '' ELSE ',' END || ${line} FROM ${from}`;
    return { sql: copy(`SELECT '[' UNION ALL ${rows} UNION ALL SELECT ']'`, options), extra: 2 };
  }
  const value = format === 'csv' ? csvValue : parquetValue;
  const select = columns.map((column) => `${value(column)} AS ${ident(column.name)}`).join(', ');
  const options = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet';
  return { sql: copy(`SELECT ${select} FROM ${from}`, options), extra: 0 };
}

/** Writes JSON as text: DuckDB's own writer would change numbers inside of JSON values. */
function jsonLine(columns: readonly Column[]): string {
  const fields = columns.map(
    (column) => `${literal(`${JSON.stringify(column.name)}:`)} || coalesce(${jsonValue(column)}, 'null')`,
  );
  return `'{' || ${fields.join(` || ',' || `)} || '}'`;
}

function jsonValue({ name, type }: Column): string {
  const value = ident(name);
  const kind = typeKind(type);
  if (kind === 'boolean' || kind === 'integer' || kind === 'float') return `${value}::VARCHAR`;
  // DuckDB prints 0.5 without its zero if the type is DECIMAL(1,1).
  if (kind === 'decimal') return `regexp_replace(${value}::VARCHAR, '^(-?)[.]', '\\10.')`;
  // Strings in JSON contain no line ends, so these are only white space.
  if (kind === 'json')
    return `translate(${type === 'JSON' ? value : `to_json(${value})`}::VARCHAR, chr(10) || chr(13), '  ')`;
  return `to_json(${value}::VARCHAR)::VARCHAR`;
}

function csvValue({ name, type }: Column): string {
  const nested = typeKind(type) === 'json' && type !== 'JSON';
  return nested ? `to_json(${ident(name)})::VARCHAR` : ident(name);
}

/** Parquet has no integers of 128 bits: DuckDB would write them as DOUBLE. */
function parquetValue({ name, type }: Column): string {
  return type === 'HUGEINT' || type === 'UHUGEINT' ? `${ident(name)}::DECIMAL(38,0)` : ident(name);
}
