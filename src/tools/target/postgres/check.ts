/** Checks that a table in PostgreSQL can be loaded as requested. @module */
import { Buffer } from 'node:buffer';
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import type { Column } from '../../source/pins.js';
import { refuseLosses } from './carry.js';
import type { PostgresSession } from './session.js';

/** The longest name PostgreSQL stores, in bytes of UTF-8. */
export const LONGEST_NAME = 63;

interface SchemaRow {
  readonly encoding: string;
  readonly may_create: boolean | null;
}

interface TableRow {
  readonly oid: string;
  readonly kind: string;
  readonly owned: boolean;
  readonly dependants: string[] | null;
}

/**
 * Returns the schema for a table that was named without one.
 *
 * @throws ToolError if no schema of the search path exists
 */
export async function defaultSchema(session: PostgresSession): Promise<string> {
  const [row] = await session.query<{ schema: string | null }>('SELECT current_schema() AS schema');
  if (row?.schema) return row.schema;
  throw new ToolError('the database has no default schema; specify the table as schema.table');
}

/**
 * Checks names, encoding, schema and table.
 *
 * @param columns the loaded columns; empty before the source is known
 * @throws ToolError if a name is too long, the encoding is not UTF8, the schema does not exist or the user may not
 *   create tables in it, the table exists and the mode is `create`, or the table cannot be replaced, or not without
 *   losing what it should keep
 */
export async function checkTable(
  session: PostgresSession,
  target: LoadTarget,
  columns: readonly Column[],
): Promise<void> {
  const { schema, table, mode } = target;
  const name = `${schema}.${table}`;
  // PostgreSQL silently truncates a longer name, which may then be another table's name.
  const long = [schema, table].find((part) => Buffer.byteLength(part) > LONGEST_NAME);
  if (long !== undefined)
    throw new ToolError(`"${long}" is too long: PostgreSQL names have at most ${LONGEST_NAME} bytes`);
  const [found] = await session.query<SchemaRow>(
    `SELECT current_setting('server_encoding') AS encoding,
       (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS may_create`,
    [schema],
  );
  if (found?.encoding !== 'UTF8')
    throw new ToolError(`the database uses the encoding ${found?.encoding}; only UTF8 is supported`);
  if (found.may_create === null) throw new ToolError(`the schema "${schema}" does not exist; use an existing one`);
  if (!found.may_create) throw new ToolError(`the database user may not create tables in the schema "${schema}"`);
  if (mode === 'upsert') return;
  const [existing] = await session.query<TableRow>(TABLE_SQL, [schema, table]);
  if (!existing) return;
  if (mode === 'create') throw new ToolError(`${name} exists; use mode "replace" to put the new table in its place`);
  if (existing.kind !== 'r') throw new ToolError(`${name} is not an ordinary table, so it cannot be replaced`);
  if (!existing.owned) throw new ToolError(`${name} belongs to another user, so it cannot be replaced`);
  if (existing.dependants?.length) {
    throw new ToolError(
      `${name} cannot be replaced because other objects depend on it: ${existing.dependants.join(', ')}`,
    );
  }
  if (!target.keep || columns.length === 0) return;
  await refuseLosses(
    session,
    target,
    existing.oid,
    columns.map((column) => column.name),
  );
}

// Finds the table and everything that would still refer to the old table after a rename and so prevent dropping it:
// views and functions on it, foreign keys to it, tables that inherit from it, columns and functions of its row type,
// and defaults that use its columns' sequences, except those of a table that a load replaced and will drop.
const TABLE_SQL = `
  SELECT c.oid::text AS oid, c.relkind::text AS kind, pg_has_role(c.relowner, 'USAGE') AS owned,
    (SELECT array_agg(DISTINCT coalesce(v.name, pg_describe_object(d.classid, d.objid, 0)))
     FROM (
       SELECT 'pg_class'::regclass AS class, c.oid AS object
       UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid = c.reltype OR (t.typelem = c.reltype AND t.typcategory = 'A')
       UNION ALL SELECT 'pg_class'::regclass, s.oid FROM pg_depend o JOIN pg_class s ON s.oid = o.objid AND s.relkind = 'S'
         WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid AND o.deptype IN ('a', 'i')
     ) own
     JOIN pg_depend d ON d.refclassid = own.class AND d.refobjid = own.object AND d.deptype IN ('n', 'x')
     LEFT JOIN LATERAL (SELECT pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS name FROM pg_rewrite r
       WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid) v ON true
     WHERE NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
         SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid))
       AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS (
         SELECT FROM pg_attrdef a JOIN pg_class t ON t.oid = a.adrelid WHERE a.oid = d.objid
           AND (t.oid = c.oid OR (t.relnamespace = c.relnamespace AND t.relname ~ '^mcp_[0-9a-f]{20}_kept$'))))
       AND NOT (d.classid = 'pg_policy'::regclass AND EXISTS (
         SELECT FROM pg_policy p WHERE p.oid = d.objid AND p.polrelid = c.oid))
       AND d.classid IN ('pg_rewrite'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass, 'pg_proc'::regclass,
         'pg_attrdef'::regclass, 'pg_policy'::regclass, 'pg_type'::regclass, 'pg_cast'::regclass)
    ) AS dependants
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2`;
