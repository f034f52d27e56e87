/**
 * Builds SQL for a row's canonical text, which is identical in DuckDB and PostgreSQL, and for the sum of row hashes.
 * The check after a load compares the sums that each engine computes from its own copy.
 *
 * Each value is written as text. A value that could contain a separator is prefixed with its length in bytes, and NULL
 * is empty, so different rows never have the same text. A sum counts duplicates, which XOR would cancel out.
 *
 * A CSV or JSON file has numbers and times as text. Their canonical text is the normal form of that text and, in the
 * database, the normal form of the value's text. For a DOUBLE, it is the bits, if the text is exactly that number.
 * @module
 */
import { ident, joined } from '../sql.js';
import { DUCKDB, isExactFloat, momentForm, numberForm } from './normal-form.js';
import type { Column } from './pins.js';
import { typeKind } from './type-kind.js';

/**
 * Returns DuckDB SQL that selects `rows` and `checksum` of `from`, whose columns have their types.
 *
 * @param exact see {@link SourcePins.exact}
 */
export function digestSql(columns: readonly Column[], from: string, exact = false): string {
  return sumSql(
    columns.map((column) => canonicalValue(column, exact)),
    from,
  );
}

/**
 * Returns DuckDB SQL like that of {@link digestSql} for a source of text, from the text itself. If a value changed on
 * its way to the database, or when its type was detected, the two checksums differ. If the caller chose a type, the
 * value of that type counts instead.
 *
 * @param from reads every column as text
 */
export function textDigestSql(columns: readonly Column[], chosen: readonly string[], from: string): string {
  const values = columns.map((column) =>
    chosen.includes(column.name) ? canonicalValue(column, true) : canonicalText(column),
  );
  return sumSql(values, `(${chosenTypesSql(columns, chosen, from)})`);
}

/** Returns DuckDB SQL that selects the columns of a source of text, cast to the type if the caller chose one. */
export function chosenTypesSql(columns: readonly Column[], chosen: readonly string[], from: string): string {
  const select = columns.map((column) => {
    const name = ident(column.name);
    return chosen.includes(column.name) ? `${name}::${column.type} AS ${name}` : name;
  });
  return `SELECT ${select.join(', ')} FROM ${from}`;
}

/** Adds up the hashes of all rows. A hash is the first 60 bits of MD5. */
function sumSql(values: readonly string[], from: string): string {
  const row = joined(
    values.map((value) => `coalesce(${value}, '')`),
    '|',
  );
  const hash = `('0x' || md5(${row})[1:15])::BIGINT`;
  return `SELECT count(*)::VARCHAR AS rows, coalesce(sum(${hash}), 0)::VARCHAR AS checksum FROM ${from}`;
}

/** Returns the canonical text of a value that is still text and has to become a value of the column's type. */
function canonicalText(column: Column): string {
  const isFloat = typeKind(column.type) === 'float';
  return isFloat ? floatText(ident(column.name), column.type) : framed(column, textForm(column));
}

/** Returns DuckDB SQL for the normal form of a value that is still text, unless its type is FLOAT or DOUBLE. */
export function textForm({ name, type }: Column): string {
  const text = ident(name);
  const kind = typeKind(type);
  if (kind === 'decimal') return numberForm(text, DUCKDB);
  if (kind === 'boolean') return `lower(${text})`;
  return kind === 'time' || kind === 'timestamp' ? momentForm(text, type) : text;
}

/** Adds the length of a text that could contain a separator. */
function framed({ type }: Column, text: string): string {
  const kind = typeKind(type);
  return kind === 'text' || kind === 'json' || kind === 'unknown' ? `strlen(${text}) || ':' || ${text}` : text;
}

/**
 * Returns the bits of a number that is still text. If they do not represent that number exactly, returns the text,
 * which equals no stored value. The engines' own texts cannot be compared, because PostgreSQL prints some numbers with
 * different digits.
 */
function floatText(text: string, type: string): string {
  const number = `TRY_CAST(${text} AS ${type})`;
  const bits = floatBits(number);
  return `CASE WHEN ${text} = ${number}::VARCHAR THEN ${bits} WHEN ${isExactFloat(text, type)} THEN ${bits} ELSE 'not exact: ' || ${text} END`;
}

/** The bits, because the engines print the same number differently. NaN has many bit patterns; PostgreSQL keeps one. */
function floatBits(number: string): string {
  return `CASE WHEN isnan(${number}) THEN 'NaN' ELSE ${number}::BIT::VARCHAR END`;
}

function canonicalValue(column: Column, exact: boolean): string {
  const isFloat = typeKind(column.type) === 'float';
  return isFloat ? floatBits(ident(column.name)) : framed(column, valueForm(column, exact));
}

/** Returns DuckDB SQL for the normal form of a value that has its type, unless that is FLOAT or DOUBLE. */
export function valueForm(column: Column, exact: boolean): string {
  const value = ident(column.name);
  const kind = typeKind(column.type);
  if (exact && kind === 'decimal') return numberForm(`${value}::VARCHAR`, DUCKDB);
  if (kind === 'interval') {
    const part = (name: string): string => `datepart('${name}', ${value})`;
    const clock = `${part('hour')} * 3600000000 + ${part('minute')} * 60000000 + ${part('microsecond')}`;
    return `(${part('year')} * 12 + ${part('month')}) || ' ' || ${part('day')} || ' ' || (${clock})`;
  }
  if (kind === 'timestamp_ns') {
    const rest = `epoch_ns(${value}) % 1000`;
    return `${era(`${value}::TIMESTAMP`)} || CASE WHEN ${rest} = 0 THEN '' ELSE '+' || ${rest} END`;
  }
  return sourceText(column);
}

/** Returns DuckDB SQL for a value's text, which PostgreSQL parses as the same value. */
export function sourceText({ name, type }: Column): string {
  const value = ident(name);
  const kind = typeKind(type);
  if (kind === 'blob') return `'\\x' || lower(hex(${value}))`;
  if (kind === 'json' && type !== 'JSON') return `to_json(${value})::VARCHAR`;
  if (kind === 'timestamp_ns') {
    return `CASE WHEN epoch_ns(${value}) % 1000 <> 0 THEN error(${nanoseconds(name)}) ELSE ${era(`${value}::TIMESTAMP`)} END`;
  }
  if (kind === 'date' || kind === 'timestamp')
    return era(type.startsWith('TIMESTAMP_') ? `${value}::TIMESTAMP` : value);
  return `${value}::VARCHAR`;
}

/** Rewrites years BC for PostgreSQL, which puts `BC` after the time. DuckDB prints `0044-03-15 (BC)`. */
function era(value: string): string {
  return `CASE WHEN contains(${value}::VARCHAR, '(BC)') THEN replace(${value}::VARCHAR, ' (BC)', '') || ' BC' ELSE ${value}::VARCHAR END`;
}

function nanoseconds(name: string): string {
  return `'column ${ident(name).replaceAll("'", "''")} has nanoseconds, which the database cannot store'`;
}
