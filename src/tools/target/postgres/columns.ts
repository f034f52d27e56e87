/**
 * Maps DuckDB's types to PostgreSQL: the column type, the text for `COPY`, and the canonical text of a value. Pure.
 * @module
 */
import { ToolError } from '../../../tool/errors.js';
import { sourceText } from '../../source/canonical.js';
import { hashKind } from '../../source/hashed-sql.js';
import { numberForm, POSTGRES } from '../../source/normal-form.js';
import type { Column } from '../../source/pins.js';
import { typeKind } from '../../source/type-kind.js';
import { ident } from '../../sql.js';

const TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'smallint',
  UTINYINT: 'smallint',
  SMALLINT: 'smallint',
  USMALLINT: 'integer',
  INTEGER: 'integer',
  UINTEGER: 'bigint',
  BIGINT: 'bigint',
  UBIGINT: 'numeric(20)',
  HUGEINT: 'numeric(39)',
  UHUGEINT: 'numeric(39)',
  BIGNUM: 'numeric',
  FLOAT: 'real',
  DOUBLE: 'double precision',
  VARCHAR: 'text',
  BLOB: 'bytea',
  BIT: 'bit varying',
  UUID: 'uuid',
  DATE: 'date',
  TIME: 'time',
  'TIME WITH TIME ZONE': 'timetz',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  INTERVAL: 'interval',
  // Not jsonb: it would rewrite numbers and drop duplicate keys, but the loaded text must equal the source's.
  JSON: 'json',
};

/**
 * Returns the PostgreSQL type of a column.
 *
 * @throws ToolError naming the column, if PostgreSQL has no type for its values
 */
export function postgresType({ name, type }: Column): string {
  const decimal = /^DECIMAL(\(\d+,\d+\))$/.exec(type);
  if (decimal) return `numeric${decimal[1]}`;
  const found = TYPES[type];
  if (found) return found;
  const kind = typeKind(type);
  if (kind === 'json') return 'json';
  if (kind === 'text') return 'text';
  throw new ToolError(`column "${name}" has the type ${type}, which has no equivalent in PostgreSQL`);
}

/**
 * Returns DuckDB SQL for a row as one line of `COPY … (FORMAT text)`.
 * https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 */
export function copyLine(columns: readonly Column[]): string {
  const fields = columns.map((column) => `coalesce(${copyField(column)}, '\\N')`);
  return `concat(${fields.join(', chr(9), ')}, chr(10))`;
}

function copyField(column: Column): string {
  const text = sourceText(column);
  const kind = typeKind(column.type);
  if (kind === 'blob') return `replace(${text}, '\\', '\\\\')`;
  if (kind !== 'text' && kind !== 'json') return text;
  const escaped = `replace(replace(replace(replace(${text}, '\\', '\\\\'), chr(9), '\\t'), chr(10), '\\n'), chr(13), '\\r')`;
  // Most text has nothing to escape, and looking for it is cheaper than replacing it, or than a regular expression.
  const special = [`'\\'`, 'chr(9)', 'chr(10)', 'chr(13)'].map((character) => `contains(${text}, ${character})`);
  return `CASE WHEN ${special.join(' OR ')} THEN ${escaped} ELSE ${text} END`;
}

function canonicalValue(column: Column, exact: boolean): string {
  const kind = typeKind(column.type);
  const value = ident(column.name);
  if (kind === 'float') {
    const [send, bits] = column.type === 'FLOAT' ? ['float4send', 32] : ['float8send', 64];
    return `CASE WHEN ${value} = 'NaN' THEN 'NaN' ELSE ('x' || encode(${send}(${value}), 'hex'))::bit(${bits})::text END`;
  }
  const text = valueForm(column, exact);
  return kind === 'text' || kind === 'json' ? `octet_length(${text}) || ':' || ${text}` : text;
}

/** Returns PostgreSQL SQL for the normal form of a value, unless its type is FLOAT or DOUBLE. */
function valueForm({ name, type }: Column, exact: boolean): string {
  const value = ident(name);
  const kind = typeKind(type);
  if (exact && kind === 'decimal') return numberForm(`${value}::text`, POSTGRES);
  if (kind === 'interval') {
    const part = (field: string): string => `extract(${field} from ${value})::bigint`;
    const clock = `${part('hour')} * 3600000000 + ${part('minute')} * 60000000 + ${part('microseconds')}`;
    return `(${part('year')} * 12 + ${part('month')}) || ' ' || ${part('day')} || ' ' || (${clock})`;
  }
  return `${value}::text`;
}

/** Returns PostgreSQL SQL for a table's count and checksum, the same numbers that `digestSql` produces in DuckDB. */
export function postgresDigestSql(columns: readonly Column[], table: string, exact: boolean): string {
  const row = columns.map((column) => `coalesce(${canonicalValue(column, exact)}, '')`).join(` || '|' || `);
  const hash = `('x' || substr(md5(${row}), 1, 15))::bit(60)::bigint`;
  return `SELECT count(*)::text AS rows, coalesce(sum(${hash}), 0)::text AS checksum FROM ${table}`;
}

/** Returns PostgreSQL SQL for a table's count and checksum, the same numbers that `RowHashes` computes. */
export function postgresHashSql(columns: readonly Column[], table: string, exact: boolean): string {
  const values = columns.map((column, i) => `coalesce(${valueHash(column, i + 1, exact)}, 0)`);
  const hash = `hashint8extended(0, ${values.join(' # ')}) & ${2n ** 60n - 1n}`;
  return `SELECT count(*)::text AS rows, coalesce(sum(${hash}), 0)::text AS checksum FROM ${table}`;
}

function valueHash(column: Column, seed: number, exact: boolean): string {
  const value = ident(column.name);
  const kind = hashKind(column, exact);
  if (kind === 'integer') return `hashint8extended(${seed}, ${value}::bigint)`;
  if (kind === 'float') {
    const zero = `CASE ${value}::text WHEN '-0' THEN 2 ELSE 3 END`;
    return `CASE WHEN ${value} = 'NaN' THEN hashint8extended(${seed}, 1) WHEN ${value} = 0 THEN hashint8extended(${seed}, ${zero}) ELSE hashfloat8extended(${value}::double precision, ${seed}) END`;
  }
  return `hashtextextended((${valueForm(column, exact)}) COLLATE "C", ${seed})`;
}

/** Selects whether the database hashes a value of each kind as `RowHashes` does. */
export const HASH_CHECK = `SELECT hashint8extended(2, -3::bigint) = -5249347811500954276
  AND hashfloat8extended(-1.5::double precision, 2) = 7613118885327338422
  AND hashtextextended('PostgreSQL hashes' COLLATE "C", 2) = 5796447299823821660 AS same`;
