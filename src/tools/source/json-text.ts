/**
 * Builds DuckDB SQL that reads JSON values without changing numbers. DuckDB reads a number with a fraction as a DOUBLE,
 * so `123456789.123456789012` would lose digits. In rows that may contain such numbers, all numbers are first turned
 * into marked strings. Pure.
 * @module
 */
import { literal } from '../sql.js';
import { isExactFloat } from './normal-form.js';

const MARK_END = 'mcp-number:';
/** Marks a string as a number: the text after it is the number. Rows that already contain the mark are refused. */
export const NUMBER_MARK = `u0001${MARK_END}`;

const NUMBER = '-?(?:[0-9][0-9.eE+-]*|(?i:inf(?:inity)?|nan))';
/** DuckDB reads this number as an integer, so it loses its sign. */
const NEGATIVE_ZERO = String.raw`[\[:,\s]-0[^0-9.eE]`;
/** Matches every row with a number that a DOUBLE may not hold: more than 15 digits, or a long exponent. */
const MAYBE_LOSSY = '[0-9.]{17}|[0-9][eE][+-]?[0-9]{3}';
const NO_INTEGER = '[0-9]+[.][0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+';

// None of these can occur in JSON text itself.
const BEFORE = '\u0001';
const BETWEEN = '\u0002';
const AFTER = '\u0003';

/** Returns SQL for whether DuckDB would change a number of a JSON object. May also be true if it would not. */
export function changesNumbers(json: string): string {
  const double = `TRY_CAST(n AS DOUBLE)::VARCHAR`;
  const numbers = `regexp_extract_all(${json}, ${literal(NO_INTEGER)})`;
  const any = (condition: string): string => `len(list_filter(${numbers}, lambda n: ${condition})) > 0`;
  // CASE, because DuckDB would evaluate an AND in full for every row. The last condition is the slowest.
  return `CASE WHEN ${matches(json, NEGATIVE_ZERO)} THEN true WHEN NOT ${matches(json, MAYBE_LOSSY)} THEN false
    WHEN ${any(`n IS DISTINCT FROM ${double}`)} THEN ${any(`NOT ${isExactFloat('n')}`)} ELSE false END`;
}

/** Returns SQL for a JSON object's text, in which the numbers are marked if DuckDB might change any of them. */
export function markedNumbers(json: string): string {
  return `CASE WHEN ${matches(json, `${NEGATIVE_ZERO}|${MAYBE_LOSSY}`)} THEN ${marked(json)} ELSE ${json} END`;
}

/** Returns SQL for whether a JSON object contains the mark itself, in any notation. */
export function containsMark(json: string): string {
  return `CASE WHEN contains(${json}, '\\u') THEN contains(json_extract(${json}, '$')::VARCHAR, '${NUMBER_MARK}') ELSE contains(${json}, '${NUMBER_MARK}') END`;
}

/** Separates strings from numbers with one regular expression, then uses plain replacements, which are much faster. */
function marked(json: string): string {
  const split = replaceAll(json, String.raw`("(?:[^"\\]|\\.)*")|(${NUMBER})`, `${BEFORE}\\1${BETWEEN}\\2${AFTER}`);
  const strings = `replace(${split}, '${BETWEEN}${AFTER}', '')`;
  const numbers = `replace(${strings}, '${BEFORE}${BETWEEN}', '"\\${NUMBER_MARK}')`;
  return `replace(replace(${numbers}, '${BEFORE}', ''), '${AFTER}', '"')`;
}

/** Returns SQL for the JSON text of a value, with its numbers as they are in the source. */
export function restoredJson(text: string): string {
  const restored = replaceAll(text, String.raw`"\\${NUMBER_MARK}([^"]*)"`, '\\1');
  return `CASE WHEN contains(${text}, '${NUMBER_MARK}') THEN ${restored} ELSE ${text} END`;
}

/** Returns SQL for the plain text of a value: a string's content, and numbers as they are in the source. */
export function restoredText(text: string): string {
  return `CASE WHEN ${isMarked(text)} THEN substr(${text}, ${MARK_END.length + 2}) ELSE ${restoredJson(text)} END`;
}

/** Returns SQL for whether a value's plain text is a number that was marked. */
export function isMarked(text: string): string {
  return `starts_with(${text}, chr(1) || '${MARK_END}')`;
}

/** Returns a field's path for `json_extract`, as an SQL literal. */
export function fieldPath(name: string): string {
  return literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

function matches(text: string, pattern: string): string {
  return `regexp_matches(${text}, ${literal(pattern)})`;
}

function replaceAll(text: string, pattern: string, replacement: string): string {
  return `regexp_replace(${text}, ${literal(pattern)}, ${literal(replacement)}, 'g')`;
}
