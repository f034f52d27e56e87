/**
 * A row as text that DuckDB and PostgreSQL write alike, and the sum over its hashes. The check after a load compares
 * what each engine computes of its own copy.
 *
 * Each value is its text; what could contain a separator is preceded by its length in bytes, and NULL is empty, so that
 * different rows never have the same text. A sum counts duplicates, which XOR would cancel out.
 * @module
 */
import { ident } from '../sql.js';
import { typeKind } from './type-kind.js';
import type { Column } from './pins.js';

/** DuckDB SQL: one row of `columns` as canonical text. */
export function canonicalRow(columns: readonly Column[]): string {
  return columns.map((column) => `coalesce(${canonicalValue(column)}, '')`).join(` || '|' || `);
}

/** DuckDB SQL: count and checksum, as `rows` and `checksum`, over `from`. The hash is the first 60 bits of MD5. */
export function digestSql(columns: readonly Column[], from: string): string {
  const hash = `('0x' || md5(${canonicalRow(columns)})[1:15])::BIGINT`;
  return `SELECT count(*)::VARCHAR AS rows, coalesce(sum(${hash}), 0)::VARCHAR AS checksum FROM ${from}`;
}

function canonicalValue(column: Column): string {
  const value = ident(column.name);
  const kind = typeKind(column.type);
  // Its bits: the engines differ in how they write the same number. NaN has many, and PostgreSQL keeps one.
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

/** DuckDB SQL: a value as text that PostgreSQL reads as the same value. */
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

/** DuckDB writes years before Christ as `0044-03-15 (BC)`, PostgreSQL as `0044-03-15 BC` and behind the time. */
function era(value: string): string {
  return `CASE WHEN contains(${value}::VARCHAR, '(BC)') THEN replace(${value}::VARCHAR, ' (BC)', '') || ' BC' ELSE ${value}::VARCHAR END`;
}

function nanoseconds(name: string): string {
  return `'column ${ident(name).replaceAll("'", "''")} has nanoseconds, which the database cannot hold'`;
}
