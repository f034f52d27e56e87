/** The column types that a caller may choose. @module */
import { z } from 'zod';
import { ToolError } from '../../tool/errors.js';

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
    z.string().refine((type) => knownType(type) !== undefined, `must be one of: ${allowed()}`),
  )
  .optional()
  .describe(
    'Column types, by column name, for columns whose type is not to be detected, such as {"id": "VARCHAR"}. ' +
      `Each is one of: ${allowed()}`,
  );

/**
 * Returns the chosen types as DuckDB prints them.
 *
 * @throws ToolError if a type is not one that a caller may choose. Types become part of SQL, so they are checked here
 * too
 */
export function parseTypes(types: ChosenTypes = {}): Map<string, string> {
  return new Map(
    Object.entries(types).map(([name, type]) => {
      const known = knownType(type);
      if (known === undefined)
        throw new ToolError(`types: "${type}" for column "${name}" is not supported; use one of: ${allowed()}`);
      return [name, known];
    }),
  );
}

function knownType(type: string): string | undefined {
  const upper = type.trim().toUpperCase();
  if (upper === 'TIMESTAMPTZ') return 'TIMESTAMP WITH TIME ZONE';
  if (NAMES.some((name) => name === upper)) return upper;
  const [, width, scale] = DECIMAL.exec(upper) ?? [];
  const valid = Number(width) >= 1 && Number(width) <= 38 && Number(scale) <= Number(width);
  return valid ? `DECIMAL(${Number(width)},${Number(scale)})` : undefined;
}

function allowed(): string {
  return [...NAMES, 'DECIMAL(width,scale)'].join(', ');
}
