/** The column types that a caller may choose: a part of the tools' definitions. @module */
import { z } from 'zod';

const NAMES = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'FLOAT',
  'DOUBLE',
  'VARCHAR',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMPTZ',
  'UUID',
  'JSON',
] as const;
const DECIMAL = /^DECIMAL\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/i;

/** Types by column name. */
export type ChosenTypes = Readonly<Record<string, string>>;

/** The schema of the argument `types`. */
export const chosenTypes = z
  .record(
    z.string(),
    z.string().refine((type) => knownType(type) !== undefined, `must be one of: ${allowedTypes()}`),
  )
  .optional()
  .describe(
    'Column types, by column name, for columns whose type is not to be detected, such as {"id": "VARCHAR"}. ' +
      `Each is one of: ${allowedTypes()}`,
  );

/** Returns a type as DuckDB prints it; `undefined` if a caller may not choose it. */
export function knownType(type: string): string | undefined {
  const upper = type.trim().toUpperCase();
  if (upper === 'TIMESTAMPTZ') return 'TIMESTAMP WITH TIME ZONE';
  if (NAMES.some((name) => name === upper)) return upper;
  const [, width, scale] = DECIMAL.exec(upper) ?? [];
  const valid = Number(width) >= 1 && Number(width) <= 38 && Number(scale) <= Number(width);
  return valid ? `DECIMAL(${Number(width)},${Number(scale)})` : undefined;
}

/** Lists the types for messages. */
export function allowedTypes(): string {
  return [...NAMES, 'DECIMAL(width,scale)'].join(', ');
}
