/**
 * Builds SQL for a row's canonical text, which is identical in DuckDB and PostgreSQL, and for the sum of row hashes.
 * The check after a load compares the sums that each engine computes from its own copy.
 *
 * Each value is written as text. A value that could contain a separator is prefixed with its length in bytes, and NULL
 * is empty, so different rows never have the same text. A sum counts duplicates, which XOR would cancel out.
 * @module
 */
import { ident } from '../sql.js';
import { typeKind } from './type-kind.js';
import type { Column } from './pins.js';

/** Returns DuckDB SQL for the canonical text of one row. */
export function canonicalRow(columns: readonly Column[]): string {
  return columns.map((column) => `coalesce(${canonicalValue(column)}, '')`).join(` || '|' || `);
}

/** Returns DuckDB SQL that selects `rows` and `checksum` of `from`. The hash is the first 60 bits of MD5. */
export function digestSql(columns: readonly Column[], from: string): string {
  const hash = `('0x' || md5(${canonicalRow(columns)})[1:15])::BIGINT`;
  return `SELECT count(*)::VARCHAR AS rows, coalesce(sum(${hash}), 0)::VARCHAR AS checksum FROM ${from}`;
}

function canonicalValue(column: Column): string {
  const value = ident(column.name);
  const kind = typeKind(column.type);
  // Use the bits, because the engines print the same number differently. NaN has many bit patterns, of which PostgreSQL
  // keeps one.
  if (kind === 'float') return `CASE WHEN isnan(${value}) THEN 'NaN' ELSE ${value}::BIT::VARCHAR END`;
  if (kind === 'interval') {
    const part = (name: string): string => `datepart('${name}', ${value})`;
    const clock = `${part('hour')} * 3600000000 + ${part('minute')} * 60000000 + ${part('microsecond')}`;
    return `(${part('year')} * 12 + ${part('month')}) || ' ' || ${part('day')} || ' ' || (${clock})`;
  }
  if (kind === 'timestamp_ns') {
    const rest = `epoch_ns(${value}) % 1000`;
    return `${era(`${value}::TIMESTAMP`)} || CASE WHEN ${rest} = 0 THEN '' ELSE '+' || ${rest} END`;
  }
  const text = sourceText(column);
  return kind === 'text' || kind === 'json' || kind === 'unknown' ? `strlen(${text}) || ':' || ${text}` : text;
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
