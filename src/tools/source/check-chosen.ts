/** Checks that every value fits the type that the caller chose for its column. @module */
import { ToolError } from '../../tool/errors.js';
import { ident } from '../sql.js';
import { firstRow } from './infer.js';
import { DUCKDB, anyNumberForm } from './normal-form.js';
import type { Column, SourceFile } from './pins.js';
import type { SourceSession } from './session.js';
import { typeKind } from './type-kind.js';

/**
 * @param from reads the columns as text
 * @throws ToolError naming file, row and column of the first value that does not fit
 */
export async function checkChosen(
  session: SourceSession,
  file: SourceFile,
  from: string,
  columns: readonly Column[],
): Promise<void> {
  if (columns.length === 0) return;
  const counts = columns.map((column, i) => `count_if(${unfit(column)})::VARCHAR AS n${i}`);
  const [row] = await session.rows(`SELECT ${counts.join(', ')} FROM ${from}`, [file.path]);
  for (const [i, column] of columns.entries()) {
    if (row?.[`n${i}`] === '0') continue;
    const found = await firstRow(session, file, from, column.name, unfit(column));
    throw new ToolError(`${found} is not a valid ${column.type}`);
  }
}

/**
 * Returns SQL for whether a text is not a value of the column's type.
 *
 * FLOAT and DOUBLE round by definition. Any other type must hold the value exactly.
 */
export function unfit({ name, type }: Column): string {
  const text = ident(name);
  const value = `TRY_CAST(${text} AS ${type})`;
  const fits = `${value} IS NOT NULL AND ${exactly(text, value, type)}`;
  return `(${text} IS NOT NULL AND NOT coalesce(${fits}, false))`;
}

function exactly(text: string, value: string, type: string): string {
  const form = (number: string): string => anyNumberForm(number, DUCKDB);
  const unsigned = (number: string): string => `CASE ${form(number)} WHEN '-0' THEN '0' ELSE ${form(number)} END`;
  const kind = typeKind(type);
  if (kind === 'integer' || kind === 'decimal')
    return `${unsigned(`trim(${text})`)} = ${unsigned(`${value}::VARCHAR`)}`;
  if (kind === 'float') return `(isfinite(${value}) OR regexp_matches(${text}, '[nN]'))`;
  if (kind === 'date') return `NOT contains(${text}, ':')`;
  if (kind === 'time') return `NOT regexp_matches(${text}, '[.][0-9]{7}|[0-9]-')`;
  if (kind === 'json') return `json_valid(${text})`;
  if (kind !== 'timestamp') return 'true';
  // A type without a time zone would lose it.
  const zone = type.endsWith('WITH TIME ZONE') ? '' : '|:[0-9.]+ ?(?:[+-][0-9:]+|[A-Za-z].*)$';
  return `NOT regexp_matches(${text}, '[.][0-9]{7}${zone}')`;
}
