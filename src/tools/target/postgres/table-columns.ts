/** Reads the columns and unique keys of a PostgreSQL table. @module */
import type { PostgresSession } from './session.js';

export interface TableColumn {
  readonly name: string;
  /** The type, as SQL. */
  readonly type: string;
  /** Whether an insert must give it a value. */
  readonly required: boolean;
  /** Whether the table computes it (`GENERATED ALWAYS AS (…)`). */
  readonly generated: boolean;
  /** Whether it is `GENERATED ALWAYS AS IDENTITY`. */
  readonly identity: boolean;
}

/** Returns the columns of a table, in order. Empty if there is no such table. */
export async function tableColumns(session: PostgresSession, schema: string, table: string): Promise<TableColumn[]> {
  return await session.query<TableColumn & Record<string, unknown>>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attgenerated <> '' AS generated,
       a.attidentity = 'a' AS identity, a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [schema, table],
  );
}

/** Returns the columns of each primary key and unique index that can decide which rows are the same. */
export async function uniqueKeys(session: PostgresSession, schema: string, table: string): Promise<string[][]> {
  const rows = await session.query<{ columns: string[] }>(
    `SELECT (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.place <= i.indnkeyatts) AS columns
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL
     ORDER BY i.indisprimary DESC, i.indexrelid`,
    [schema, table],
  );
  return rows.map(({ columns }) => columns);
}
