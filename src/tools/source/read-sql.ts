/** Builds the `FROM` clause that reads one pinned file and leaves DuckDB nothing to guess. Pure. @module */
import { basename } from 'node:path';
import { fileLiteral, ident, literal, structLiteral } from '../sql.js';
import type { Column, CsvDialect, SourceFile, SourcePins } from './pins.js';

/** DuckDB's virtual column that numbers a Parquet file's rows from 0. Unusable if the file has such a column itself. */
const ROW_NUMBER = 'file_row_number';

type ReadPins = Pick<SourcePins, 'format' | 'columns' | 'dialects'>;

/** Reports whether reading can start at any row. In a text file, all earlier rows must be read first. */
export function canJump({ format, columns }: ReadPins): boolean {
  return format === 'parquet' && !columns.some(({ name }) => name.toLowerCase() === ROW_NUMBER);
}

/**
 * Returns the SQL that reads `file` with the pinned columns.
 *
 * @param from the first row to read, counted from 0; must be 0 unless {@link canJump}
 */
export function readFileSql(pins: ReadPins, file: SourceFile, from = 0): string {
  const path = fileLiteral(file.path);
  if (pins.format === 'parquet') {
    // One file may have a narrower column type than the whole set.
    const columns = pins.columns.map(({ name, type }) => `${ident(name)}::${type} AS ${ident(name)}`).join(', ');
    const jump = from > 0 ? [`, ${ROW_NUMBER} = true`, ` WHERE ${ROW_NUMBER} >= ${from}`] : ['', ''];
    return `(SELECT ${columns} FROM read_parquet(${path}, hive_partitioning = false${jump[0]})${jump[1]})`;
  }
  if (pins.format === 'csv') {
    const dialect = pins.dialects[file.dialect ?? 0];
    if (!dialect) throw new Error(`no CSV dialect is pinned for ${basename(file.path)}`);
    return `read_csv(${path}, ${csvOptions(dialect, pins.columns).join(', ')})`;
  }
  const types = structLiteral(pins.columns.map(({ name, type }) => [name, type]));
  return `read_json(${path}, format = ${literal(file.layout ?? 'newline_delimited')}, records = true, columns = ${types}, hive_partitioning = false)`;
}

function csvOptions(dialect: CsvDialect, columns: readonly Column[]): string[] {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const options = [
    'auto_detect = false',
    'hive_partitioning = false',
    `delim = ${literal(dialect.delim)}`,
    `quote = ${literal(dialect.quote)}`,
    `escape = ${literal(dialect.escape)}`,
    `comment = ${literal(dialect.comment)}`,
    `skip = ${dialect.skip}`,
    `header = ${dialect.header}`,
    `columns = ${structLiteral(dialect.columns.map((name) => [name, types.get(name) ?? 'VARCHAR']))}`,
  ];
  if (dialect.newLine) options.push(`new_line = ${literal(dialect.newLine)}`);
  if (dialect.dateFormat) options.push(`dateformat = ${literal(dialect.dateFormat)}`);
  if (dialect.timestampFormat) options.push(`timestampformat = ${literal(dialect.timestampFormat)}`);
  return options;
}
