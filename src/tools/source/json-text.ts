/**
 * Builds DuckDB SQL that reads JSON values without changing numbers. DuckDB reads a number with a fraction as a DOUBLE,
 * so `123456789.123456789012` would lose digits. In rows that have such numbers, all numbers are first turned into
 * strings with a mark. Pure.
 * @module
 */
import { literal } from '../sql.js';
import { DUCKDB, anyNumberForm } from './normal-form.js';

/** Marks a string as a number: the text after it is the number's. Rows that contain the mark themselves are refused. */
export const NUMBER_MARK = 'u0001mcp-number:';
const MARK = `chr(1) || '${NUMBER_MARK.slice('u0001'.length)}'`;

const NUMBER = '-?(?:[0-9][0-9.eE+-]*|(?i:inf(?:inity)?|nan))';
/** DuckDB reads this one as an integer, so without its sign. */
const NEGATIVE_ZERO = '-0[^0-9.eE]';
/** Matches every row with a number that a DOUBLE may not hold: more than 15 digits, or a long exponent. */
const MAYBE_LOSSY = '[0-9.]{17}|[0-9][eE][+-]?[0-9]{3}';
const NO_INTEGER = '[0-9]+[.][0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+';

// Neither can occur in JSON text itself.
const A = '\u0001';
const B = '\u0002';

/** Returns SQL for a JSON object's text, in which the numbers are marked if any of them would lose digits. */
export function exactNumbers(json: string): string {
  const double = `TRY_CAST(n AS DOUBLE)::VARCHAR`;
  const lossy = `CASE WHEN n = ${double} THEN false ELSE ${anyNumberForm('n', DUCKDB)} IS DISTINCT FROM ${anyNumberForm(double, DUCKDB)} END`;
  const numbers = `regexp_extract_all(${json}, ${literal(NO_INTEGER)})`;
  // Not AND, which DuckDB would evaluate in full for every row.
  const isLossy = `CASE WHEN regexp_matches(${json}, ${literal(NEGATIVE_ZERO)}) THEN true
    WHEN regexp_matches(${json}, ${literal(MAYBE_LOSSY)}) THEN len(list_filter(${numbers}, lambda n: ${lossy})) > 0
    ELSE false END`;
  return `CASE WHEN ${isLossy} THEN ${marked(json)} ELSE ${json} END`;
}

function marked(json: string): string {
  const split = replaceAll(json, String.raw`("(?:[^"\\]|\\.)*")|(${NUMBER})`, `${A}\\1${B}\\2${A}`);
  const numbers = replaceAll(split, `${A}${B}([^${A}]+)${A}`, `"\\\\${NUMBER_MARK}\\1"`);
  return replaceAll(numbers, `${A}([^${A}${B}]*)${B}${A}`, '\\1');
}

/** Returns SQL for a JSON value's own text, with its numbers as they are in the source. */
export function jsonText(value: string): string {
  const text = `${value}::VARCHAR`;
  const restored = replaceAll(text, String.raw`"\\${NUMBER_MARK}([^"]*)"`, '\\1');
  return `CASE WHEN ${jsonKind(value)} IS NULL THEN NULL WHEN contains(${text}, '${NUMBER_MARK}') THEN ${restored} ELSE ${text} END`;
}

/** Returns SQL for a JSON value as text: a string without its quotes, anything else as in JSON. */
export function plainText(value: string): string {
  return `CASE ${jsonKind(value)} WHEN 'string' THEN ${value}->>'$' ELSE ${jsonText(value)} END`;
}

/** Returns SQL for `string`, `number`, `boolean`, `nested`, or NULL for a missing value or `null`. */
export function jsonKind(value: string): string {
  const string = `CASE WHEN starts_with(${value}->>'$', ${MARK}) THEN 'number' ELSE 'string' END`;
  return `(CASE json_type(${value}) WHEN 'VARCHAR' THEN ${string} WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN 'nested' WHEN 'ARRAY' THEN 'nested' ELSE CASE WHEN ${value} IS NULL THEN NULL ELSE 'number' END END)`;
}

/** Returns a field's path for `json_extract`, as an SQL literal. */
export function fieldPath(name: string): string {
  return literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

function replaceAll(text: string, pattern: string, replacement: string): string {
  return `regexp_replace(${text}, ${literal(pattern)}, ${literal(replacement)}, 'g')`;
}
