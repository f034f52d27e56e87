/** Whether a table can be loaded as asked. @module */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import type { PostgresSession } from './session.js';

interface SchemaRow {
  readonly encoding: string;
  readonly may_create: boolean | null;
}

interface TableRow {
  readonly kind: string;
  readonly owned: boolean;
  readonly dependants: string[] | null;
}

/**
 * The schema of a table that was named without one.
 *
 * @throws ToolError if no schema of the search path exists
 */
export async function defaultSchema(session: PostgresSession): Promise<string> {
  const [row] = await session.query<{ schema: string | null }>('SELECT current_schema() AS schema');
  if (row?.schema) return row.schema;
  throw new ToolError('the database has no default schema; name the table with its schema');
}

/** @throws ToolError if the schema is not there or not open to the user, or the table is one that must not be replaced */
export async function checkTable(session: PostgresSession, target: LoadTarget): Promise<void> {
  const { schema, table, mode } = target;
  const name = `${schema}.${table}`;
  const [found] = await session.query<SchemaRow>(
    `SELECT current_setting('server_encoding') AS encoding,
       (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS may_create`,
    [schema],
  );
  if (found?.encoding !== 'UTF8') throw new ToolError(`the database's encoding is ${found?.encoding}; only UTF8 can be loaded`);
  if (found.may_create === null) throw new ToolError(`there is no schema "${schema}"`);
  if (!found.may_create) throw new ToolError(`the user may not create tables in schema "${schema}"`);
  const [existing] = await session.query<TableRow>(TABLE_SQL, [schema, table]);
  if (!existing) return;
  if (mode === 'create') throw new ToolError(`${name} exists; use mode "replace" to put the new table in its place`);
  if (existing.kind !== 'r') throw new ToolError(`${name} is not an ordinary table, so it cannot be replaced`);
  if (!existing.owned) throw new ToolError(`${name} belongs to another user, so it cannot be replaced`);
  if (existing.dependants?.length) {
    throw new ToolError(`${name} cannot be replaced while something depends on it: ${existing.dependants.join(', ')}`);
  }
}

// What still means the old table after a rename: views and functions on it, foreign keys to it, tables that inherit from it.
const TABLE_SQL = `
  SELECT c.relkind::text AS kind, pg_has_role(c.relowner, 'USAGE') AS owned,
    (SELECT array_agg(DISTINCT coalesce(v.name, pg_describe_object(d.classid, d.objid, 0)))
     FROM pg_depend d
     LEFT JOIN LATERAL (SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS name FROM pg_rewrite r
       WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid) v ON true
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype IN ('n', 'x')
       AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
         SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid))
       AND d.classid IN ('pg_rewrite'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass, 'pg_proc'::regclass)
    ) AS dependants
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2`;
