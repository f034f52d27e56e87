/** Builds SQL that reads a CSV or JSON file's values as text, before any of them gets a type. Pure. @module */
import { basename } from 'node:path';
import { fileLiteral, ident, literal, structLiteral } from '../sql.js';
import { exactNumbers, fieldPath, jsonKind, jsonText, plainText } from './json-text.js';
import type { Column, CsvDialect, SourceFile, SourcePins } from './pins.js';

export type TextPins = Pick<SourcePins, 'format' | 'dialects' | 'chosen'>;

/**
 * Returns the `FROM` clause that reads the columns as text.
 *
 * - CSV: an unquoted empty field is NULL, a quoted one is empty text.
 * - JSON: `null` and missing fields are NULL. A column of type JSON has the values' JSON, any other the plain text.
 */
export function textRows(pins: TextPins, file: SourceFile, columns: readonly Column[]): string {
  if (pins.format === 'csv')
    return `(SELECT ${columns.map((column) => csvText(pins, column)).join(', ')} FROM ${csvRows(pins, file)})`;
  const texts = columns.map(({ name, type }, i) => {
    const value = `v[${i + 1}]`;
    return `${type === 'JSON' ? jsonText(value) : plainText(value)} AS ${ident(name)}`;
  });
  return `(SELECT ${texts.join(', ')} FROM ${jsonRows(file, columns)})`;
}

/** Returns the `FROM` clause that reads every value of a JSON file: its field's index `i`, plain text `t` and kind `k`. */
export function jsonValues(file: SourceFile, names: readonly string[]): string {
  const rows = jsonRows(
    file,
    names.map((name) => ({ name })),
  );
  const values = `(SELECT unnest(v) AS x, unnest(range(len(v)))::INTEGER AS i FROM ${rows})`;
  return `(SELECT i, ${plainText('x')} AS t, ${jsonKind('x')} AS k FROM ${values})`;
}

/** Returns the function that reads a JSON file's objects as text, in a column `json`. */
export function jsonObjects({ path, layout = 'newline_delimited' }: Pick<SourceFile, 'path' | 'layout'>): string {
  return `read_json_objects(${fileLiteral(path)}, format = ${literal(layout)})`;
}

function jsonRows(file: SourceFile, columns: readonly { readonly name: string }[]): string {
  const paths = columns.map(({ name }) => fieldPath(name));
  return `(SELECT json_extract(${exactNumbers('json')}, [${paths.join(', ')}]) AS v FROM ${jsonObjects(file)})`;
}

/** An empty field in a column for which the caller chose a type other than text is NULL, even if it is quoted. */
function csvText({ chosen = [] }: TextPins, { name, type }: Column): string {
  const isText = type === 'VARCHAR' || !chosen.includes(name);
  return isText ? ident(name) : `nullif(${ident(name)}, '') AS ${ident(name)}`;
}

function csvRows(pins: TextPins, file: SourceFile): string {
  const dialect = pins.dialects[file.dialect ?? 0];
  if (!dialect) throw new Error(`no CSV dialect is pinned for ${basename(file.path)}`);
  return `read_csv(${fileLiteral(file.path)}, ${csvOptions(dialect).join(', ')}, columns = ${structLiteral(dialect.columns.map((name) => [name, 'VARCHAR']))}, allow_quoted_nulls = false)`;
}

/** Returns the options of `read_csv` for a dialect, except for its columns. */
export function csvOptions(dialect: CsvDialect): string[] {
  const options = [
    'auto_detect = false',
    'hive_partitioning = false',
    `delim = ${literal(dialect.delim)}`,
    `quote = ${literal(dialect.quote)}`,
    `escape = ${literal(dialect.escape)}`,
    `comment = ${literal(dialect.comment)}`,
    `skip = ${dialect.skip}`,
    `header = ${dialect.header}`,
  ];
  if (dialect.newLine) options.push(`new_line = ${literal(dialect.newLine)}`);
  return options;
}
