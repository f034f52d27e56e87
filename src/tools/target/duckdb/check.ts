/** Checks that a table in a DuckDB file can be loaded as requested. @module */
import type { DuckDBValue } from '@duckdb/node-api';
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import { literal } from '../../sql.js';

export type Query = (sql: string) => Promise<Record<string, DuckDBValue>[]>;

/**
 * Checks schema and table. Compares names case-insensitively, as DuckDB does.
 *
 * @throws ToolError if the schema does not exist, if the table exists and the mode is `create`, or if it cannot be
 *   replaced
 */
export async function checkTable(query: Query, { schema, table, mode }: LoadTarget): Promise<void> {
  const name = `${schema}.${table}`;
  const schemas = await query(
    `SELECT 1 FROM information_schema.schemata WHERE catalog_name = current_database() AND lower(schema_name) = lower(${literal(schema)})`,
  );
  if (schemas.length === 0) throw new ToolError(`the schema "${schema}" does not exist; use an existing one`);
  if (mode === 'upsert') return;
  const [existing] = await query(
    `SELECT table_type FROM information_schema.tables
     WHERE table_catalog = current_database() AND lower(table_schema) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)})`,
  );
  if (!existing) return;
  if (mode === 'create') throw new ToolError(`${name} exists; use mode "replace" to put the new table in its place`);
  if (existing['table_type'] !== 'BASE TABLE')
    throw new ToolError(`${name} is not an ordinary table, so it cannot be replaced`);
}
