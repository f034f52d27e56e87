/** Builds SQL that reads a CSV or JSON file's values as text, before any of them gets a type. Pure. @module */
import { basename } from 'node:path';
import { fileLiteral, ident, literal, structLiteral } from '../sql.js';
import { fieldPath, isMarked, markedNumbers, restoredJson, restoredText } from './json-text.js';
import type { Column, CsvDialect, SourceFile, SourcePins } from './pins.js';

export type TextPins = Pick<SourcePins, 'format' | 'dialects' | 'chosen'>;

/**
 * Returns the `FROM` clause that reads the columns as text.
 *
 * - CSV: an unquoted empty field is NULL, a quoted one is empty text.
 * - JSON: `null` and missing fields are NULL. A column of type JSON has the values' JSON, any other column their plain
 *   text.
 */
export function textRows(pins: TextPins, file: SourceFile, columns: readonly Column[]): string {
  if (pins.format === 'csv')
    return `(SELECT ${columns.map((column) => csvText(pins, column)).join(', ')} FROM ${csvRows(pins, file)})`;
  const json = columns.filter(({ type }) => type === 'JSON');
  const plain = columns.filter(({ type }) => type !== 'JSON');
  const texts = columns.map((column) => {
    const isJson = column.type === 'JSON';
    const value = isJson ? `v[${json.indexOf(column) + 1}]` : `t[${plain.indexOf(column) + 1}]`;
    const restored = isJson ? restoredJson(`${value}::VARCHAR`) : restoredText(value);
    const text = file.plainNumbers ? `${value}::VARCHAR` : restored;
    return `${isJson ? `nullif(${text}, 'null')` : text} AS ${ident(column.name)}`;
  });
  const values = [
    ...(plain.length > 0 ? [`json_extract_string(json, ${paths(plain)}) AS t`] : []),
    ...(json.length > 0 ? [`json_extract(json, ${paths(json)}) AS v`] : []),
  ];
  return `(SELECT ${texts.join(', ')} FROM (SELECT ${values.join(', ')} FROM ${jsonRows(file)}))`;
}

/**
 * Returns the `FROM` clause that reads every value of a JSON file: its field's index `i`, plain text `t`, and kind `k`,
 * which is `string`, `number`, `boolean`, `nested`, or NULL for a missing value or `null`.
 */
export function jsonValues(file: SourceFile, names: readonly string[]): string {
  const fields = paths(names.map((name) => ({ name })));
  // Extracting all fields at once parses each row once.
  const values = `(SELECT unnest(json_extract_string(json, ${fields})) AS t, unnest(json_type(json, ${fields})) AS type,
    unnest(range(${names.length}))::INTEGER AS i FROM ${jsonRows(file)})`;
  const string = file.plainNumbers ? `'string'` : `CASE WHEN ${isMarked('t')} THEN 'number' ELSE 'string' END`;
  const kind = `CASE WHEN type = 'VARCHAR' THEN ${string} WHEN type = 'BOOLEAN' THEN 'boolean' WHEN type = 'NULL' THEN NULL
    WHEN type IN ('OBJECT', 'ARRAY') THEN 'nested' WHEN type IS NULL THEN NULL ELSE 'number' END`;
  return `(SELECT i, ${file.plainNumbers ? 't' : restoredText('t')} AS t, ${kind} AS k FROM ${values})`;
}

/** Returns the function that reads a JSON file's objects as text, in a column `json`. */
export function jsonObjects({ path, layout = 'newline_delimited' }: Pick<SourceFile, 'path' | 'layout'>): string {
  return `read_json_objects(${fileLiteral(path)}, format = ${literal(layout)})`;
}

/** Returns the `FROM` clause that reads a JSON file's objects, with marked numbers if DuckDB would change any. */
function jsonRows(file: SourceFile): string {
  return file.plainNumbers ? jsonObjects(file) : `(SELECT ${markedNumbers('json')} AS json FROM ${jsonObjects(file)})`;
}

function paths(columns: readonly { readonly name: string }[]): string {
  return `[${columns.map(({ name }) => fieldPath(name)).join(', ')}]`;
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
