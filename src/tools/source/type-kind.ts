/** Groups DuckDB's types by how their values are transferred. Pure. @module */

export type TypeKind =
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'blob'
  | 'bits'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamp_ns'
  | 'interval'
  | 'json'
  | 'unknown';

const KINDS: Readonly<Record<string, TypeKind>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'integer',
  UHUGEINT: 'integer',
  BIGNUM: 'integer',
  FLOAT: 'float',
  DOUBLE: 'float',
  VARCHAR: 'text',
  BLOB: 'blob',
  BIT: 'bits',
  UUID: 'uuid',
  DATE: 'date',
  TIME: 'time',
  'TIME WITH TIME ZONE': 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp_ns',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  INTERVAL: 'interval',
  JSON: 'json',
};

/** @param type the type as `DESCRIBE` prints it */
export function typeKind(type: string): TypeKind {
  if (/(\]|^(STRUCT|MAP|UNION)\(.*\))$/s.test(type)) return 'json';
  if (type.startsWith('DECIMAL(')) return 'decimal';
  if (type.startsWith('ENUM(')) return 'text';
  return KINDS[type] ?? 'unknown';
}
