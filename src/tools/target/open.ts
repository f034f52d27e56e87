/** Connects to a database by its configured name. @module */
import type { ToolsConfig } from '../config.js';
import { database } from '../databases.js';
import type { LoadTarget } from '../load/types.js';
import { openDuckDBTarget } from './duckdb/open.js';
import { openPostgresTarget, postgresDefaultSchema } from './postgres/open.js';
import type { Target, TargetSession } from './target.js';

/**
 * Opens a connection to the load's database.
 *
 * @throws ToolError if the database is not configured or refuses the login; a retryable failure if it is unavailable
 */
export async function openTarget(config: ToolsConfig, target: LoadTarget, session: TargetSession): Promise<Target> {
  const found = database(config, target.database);
  if (found.kind === 'duckdb') return await openDuckDBTarget(found, target, session, config.duckdb);
  return await openPostgresTarget(found, target, session);
}

/** The table as a call specifies it. */
export interface TableRequest {
  readonly database: string;
  /** Either `table` or `schema.table`. */
  readonly table: string;
}

/** Returns the table's schema and name. Asks PostgreSQL for the default schema if the call names none. */
export async function resolveTable(
  config: ToolsConfig,
  request: TableRequest,
  id: string,
  session: TargetSession,
): Promise<{ schema: string; table: string }> {
  const [first = '', second] = request.table.split('.');
  const found = database(config, request.database);
  if (second !== undefined) return { schema: first, table: second };
  if (found.kind === 'duckdb') return { schema: 'main', table: first };
  return { schema: await postgresDefaultSchema(found, id, session), table: first };
}
