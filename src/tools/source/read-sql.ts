/** Builds the `FROM` clause that reads one pinned file and leaves DuckDB nothing to guess. Pure. @module */
import { basename } from 'node:path';
import { fileLiteral, ident, literal, structLiteral } from '../sql.js';
import type { Column, SourceFile, SourcePins } from './pins.js';
import { csvOptions, textRows } from './text-rows.js';
import { whereSql } from './where-sql.js';

/** DuckDB's virtual column that numbers a Parquet file's rows from 0. Unusable if the file has such a column itself. */
const ROW_NUMBER = 'file_row_number';

type ReadPins = Pick<SourcePins, 'format' | 'columns' | 'dialects' | 'exact' | 'chosen' | 'filter'>;

/**
 * Returns whether reading can start at any row. In a text file, all earlier rows must be read first, and behind a filter,
 * rows have no numbers.
 */
export function canJump({ format, columns, filter }: ReadPins): boolean {
  return format === 'parquet' && filter === undefined && !columns.some(({ name }) => name.toLowerCase() === ROW_NUMBER);
}

/**
 * Returns the SQL that reads `file` with the pinned columns.
 *
 * @param from the first row to read, counted from 0; must be 0 unless {@link canJump}
 */
export function readFileSql(pins: ReadPins, file: SourceFile, from = 0): string {
  if (!pins.filter) return everyRowSql(pins, file, from);
  const columns = [...pins.columns, ...pins.filter.extra];
  return filteredSql(pins, everyRowSql({ ...pins, columns }, file, from));
}

/**
 * Returns the SQL for the pinned columns of the rows that count.
 *
 * @param from reads the pinned columns and those of the filter, with their types or as text
 */
export function filteredSql({ columns, filter }: Pick<SourcePins, 'columns' | 'filter'>, from: string): string {
  if (!filter) return from;
  const names = columns.map(({ name }) => ident(name)).join(', ');
  return `(SELECT ${names} FROM ${from} WHERE ${whereSql(filter.where, [...columns, ...filter.extra])})`;
}

function everyRowSql(pins: ReadPins, file: SourceFile, from: number): string {
  if (pins.format === 'parquet') return parquetSql(pins, file, from);
  if (!pins.exact) return guessedSql(pins, file);
  const columns = pins.columns.map(({ name, type }) => `${ident(name)}::${type} AS ${ident(name)}`);
  return `(SELECT ${columns.join(', ')} FROM ${textRows(pins, file, pins.columns)})`;
}

function parquetSql(pins: ReadPins, file: SourceFile, from: number): string {
  // One file may have a narrower column type than the whole set.
  const columns = pins.columns.map((column) => `${parquetValue(pins, column)} AS ${ident(column.name)}`).join(', ');
  const jump = from > 0 ? [`, ${ROW_NUMBER} = true`, ` WHERE ${ROW_NUMBER} >= ${from}`] : ['', ''];
  return `(SELECT ${columns} FROM read_parquet(${fileLiteral(file.path)}, hive_partitioning = false${jump[0]})${jump[1]})`;
}

/** A value gets the type that the caller chose from its text, by the same rules as in a text file. */
function parquetValue({ chosen = [] }: ReadPins, { name, type }: Column): string {
  return `${chosen.includes(name) ? parquetText(name) : ident(name)}::${type}`;
}

/** Returns the `FROM` clause that reads columns of a Parquet file as text. */
export function parquetTexts(file: SourceFile, names: readonly string[]): string {
  const texts = names.map((name) => `${parquetText(name)} AS ${ident(name)}`);
  return `(SELECT ${texts.join(', ') || '1'} FROM read_parquet(${fileLiteral(file.path)}, hive_partitioning = false))`;
}

/** Returns SQL for the text of a Parquet file's value, whatever its type: JSON if it is nested. */
function parquetText(name: string): string {
  const value = ident(name);
  const nested = `regexp_matches(typeof(${value}), '(\\]|^(STRUCT|MAP|UNION)\\(.*\\))$')`;
  return `(CASE WHEN ${nested} THEN to_json(${value})::VARCHAR ELSE ${value}::VARCHAR END)`;
}

/**
 * Reads text files as plans of earlier versions do: DuckDB converts the values. Loads that such a version began finish
 * this way.
 */
function guessedSql(pins: ReadPins, file: SourceFile): string {
  const path = fileLiteral(file.path);
  if (pins.format === 'csv') {
    const dialect = pins.dialects[file.dialect ?? 0];
    if (!dialect) throw new Error(`no CSV dialect is pinned for ${basename(file.path)}`);
    const types = new Map(pins.columns.map(({ name, type }) => [name, type]));
    const options = [
      ...csvOptions(dialect),
      `columns = ${structLiteral(dialect.columns.map((name) => [name, types.get(name) ?? 'VARCHAR']))}`,
    ];
    if (dialect.dateFormat) options.push(`dateformat = ${literal(dialect.dateFormat)}`);
    if (dialect.timestampFormat) options.push(`timestampformat = ${literal(dialect.timestampFormat)}`);
    return `read_csv(${path}, ${options.join(', ')})`;
  }
  const types = structLiteral(pins.columns.map(({ name, type }) => [name, type]));
  return `read_json(${path}, format = ${literal(file.layout ?? 'newline_delimited')}, records = true, columns = ${types}, hive_partitioning = false)`;
}
