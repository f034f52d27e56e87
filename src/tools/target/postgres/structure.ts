/** Reads what a PostgreSQL table has besides its columns and rows, so that the table that replaces it can have the same. @module */
import { ident, literal } from '../../sql.js';
import type { PostgresSession } from './session.js';

/** An index, also one behind a primary key or unique constraint. */
export interface TableIndex {
  readonly oid: string;
  readonly name: string;
  readonly unique: boolean;
  /** The definition from `USING` on. */
  readonly definition: string | null;
  /** The primary key or unique constraint that it belongs to, as `PRIMARY KEY` or `UNIQUE`, with its options. */
  readonly constraint: string | null;
  /** Whether it belongs to an exclusion constraint, which builds it. */
  readonly exclusion: boolean;
}

/** An identity column. */
export interface Identity {
  readonly column: string;
  readonly always: boolean;
  readonly sequence: string;
  readonly options: string;
  readonly position: string;
  readonly called: boolean;
}

/** A sequence that belongs to a column, whose default uses it. */
export interface OwnedSequence {
  readonly column: string;
  /** The quoted name with its schema. */
  readonly sequence: string;
}

export interface Grant {
  /** SQL for the role, or `PUBLIC`. */
  readonly grantee: string;
  readonly privilege: string;
  readonly grantable: boolean;
  /** The column, if the grant is for one column only. */
  readonly column: string | null;
}

/** Something that is made by one statement once the new table has its name. */
export interface Part {
  /** What it is, for errors: `index "orders_at"`. */
  readonly what: string;
  readonly sql: string;
}

export interface Structure {
  readonly owner: string;
  readonly indexes: readonly TableIndex[];
  readonly identities: readonly Identity[];
  readonly sequences: readonly OwnedSequence[];
  readonly grants: readonly Grant[];
  /** Before the indexes: settings, defaults, NOT NULL. */
  readonly first: readonly Part[];
  /** After the indexes: other constraints, triggers, policies, comments. */
  readonly last: readonly Part[];
  /** What the new table can't have, for errors. */
  readonly losses: readonly string[];
}

/**
 * Reads the structure of a table.
 *
 * @param oid the table
 * @param columns the names of the new table's columns
 */
export async function readStructure(
  session: PostgresSession,
  oid: string,
  columns: readonly string[],
): Promise<Structure> {
  const named = await session.query<{ schema: string; table: string; owner: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, quote_ident(pg_get_userbyid(c.relowner)) AS owner
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`,
    [oid],
  );
  const { schema, table, owner } = named[0]!;
  const name = ident(schema, table);
  const rows = async <T>(sql: string): Promise<T[]> =>
    await session.query<T & Record<string, unknown>>(sql, [oid, columns]);
  const parts = async (sql: string): Promise<Part[]> => await rows<Part>(sql.replaceAll('@table', literal(name)));
  const losses = await rows<{ what: string }>(LOSSES);
  return {
    owner,
    indexes: await rows<TableIndex>(INDEXES),
    identities: await rows<Identity>(IDENTITIES),
    sequences: await rows<OwnedSequence>(SEQUENCES),
    grants: await rows<Grant>(GRANTS),
    first: [...(await parts(SETTINGS)), ...(await parts(DEFAULTS)), ...(await parts(NOT_NULL))],
    last: [
      ...(await parts(CONSTRAINTS)),
      ...(await parts(TRIGGERS)),
      ...(await parts(POLICIES)),
      ...(await parts(COMMENTS)),
      ...(await parts(IDENTIFICATION)),
    ],
    losses: losses.map(({ what }) => what),
  };
}

/** Returns the current grants of a table. */
export async function grantsOf(session: PostgresSession, oid: string, columns: readonly string[]): Promise<Grant[]> {
  return await session.query<Grant & Record<string, unknown>>(GRANTS, [oid, columns]);
}

/** The columns of the table that an object uses, as an array. */
const used = (catalog: string, object: string): string =>
  `(SELECT array_agg(DISTINCT a.attname::text) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = '${catalog}'::regclass AND d.objid = ${object} AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND NOT a.attisdropped)`;

/** What would be lost: objects that use a column which the new table doesn't have, and what can't be made again. */
const LOSSES = `
  WITH objects(what, uses) AS (
    SELECT 'constraint ' || quote_ident(conname), ${used('pg_constraint', 'oid')} FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n'
    UNION ALL SELECT 'index ' || quote_ident(c.relname), ${used('pg_class', 'c.oid')} FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = $1)
    UNION ALL SELECT 'trigger ' || quote_ident(tgname), ${used('pg_trigger', 'oid')} FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal
    UNION ALL SELECT 'policy ' || quote_ident(polname), ${used('pg_policy', 'oid')} FROM pg_policy WHERE polrelid = $1
  )
  SELECT what || ' (column ' || string_agg(quote_ident(name), ', ') || ')' AS what
    FROM objects, unnest(uses) name WHERE NOT name = ANY ($2::text[]) GROUP BY what
  UNION ALL SELECT 'the computed column ' || quote_ident(attname) FROM pg_attribute
    WHERE attrelid = $1 AND attgenerated <> '' AND NOT attisdropped AND attname = ANY ($2::text[])
  UNION ALL SELECT 'its place in ' || inhparent::regclass FROM pg_inherits WHERE inhrelid = $1
  UNION ALL SELECT 'rule ' || quote_ident(rulename) FROM pg_rewrite WHERE ev_class = $1
  UNION ALL SELECT 'statistics ' || quote_ident(stxname) FROM pg_statistic_ext WHERE stxrelid = $1
  UNION ALL SELECT 'its place in publication ' || quote_ident(p.pubname) FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = $1
  UNION ALL SELECT 'its type ' || reloftype::regtype FROM pg_class WHERE oid = $1 AND reloftype <> 0
  UNION ALL SELECT 'being unlogged' FROM pg_class WHERE oid = $1 AND relpersistence = 'u'
  ORDER BY 1`;

/** `pg_get_indexdef` begins with the names, which are different for the new index. */
const INDEXES = `
  SELECT i.indexrelid::text AS oid, c.relname AS name, i.indisunique AS unique,
    CASE WHEN starts_with(pg_get_indexdef(i.indexrelid), p.prefix) THEN substr(pg_get_indexdef(i.indexrelid), length(p.prefix) + 1) END AS definition,
    CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END ||
      CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END AS "constraint",
    i.indisexclusion AS exclusion
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = $1 AND k.contype IN ('p', 'u', 'x')
  CROSS JOIN LATERAL (SELECT 'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(c.relname) || ' ON '
    || quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ' AS prefix) p
  WHERE i.indrelid = $1 AND i.indisvalid AND $2::text[] IS NOT NULL
  ORDER BY i.indexrelid`;

const IDENTITIES = `
  SELECT a.attname AS column, a.attidentity = 'a' AS always, s.seqrelid::regclass::text AS sequence,
    format('INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s %s', s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
      CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS options,
    coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart)::text AS position, pg_sequence_last_value(s.seqrelid) IS NOT NULL AS called
  FROM pg_attribute a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
    AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
  JOIN pg_sequence s ON s.seqrelid = d.objid
  WHERE a.attrelid = $1 AND a.attidentity <> '' AND a.attname = ANY ($2::text[])`;

const SEQUENCES = `
  SELECT a.attname AS column, quote_ident(n.nspname) || '.' || quote_ident(s.relname) AS sequence
  FROM pg_attribute a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
    AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
  WHERE a.attrelid = $1 AND a.attname = ANY ($2::text[])`;

const GRANTS = `
  SELECT CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END AS grantee, g.privilege_type AS privilege,
    g.is_grantable AS grantable, g.column
  FROM (
    SELECT x.*, NULL::text AS column FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x WHERE c.oid = $1
    UNION ALL SELECT x.*, a.attname FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = $1 AND a.attname = ANY ($2::text[])
  ) g`;

const SETTINGS = `
  SELECT 'storage parameter ' || split_part(o, '=', 1) AS what,
    'ALTER TABLE ' || @table || ' SET (' || split_part(o, '=', 1) || ' = ' || quote_literal(substr(o, strpos(o, '=') + 1)) || ')' AS sql
  FROM pg_class c, unnest(c.reloptions) o WHERE c.oid = $1 AND $2::text[] IS NOT NULL`;

const COLUMN = `FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY ($2::text[])`;

const DEFAULTS = `
  SELECT 'the default of column ' || quote_ident(a.attname) AS what,
    'ALTER TABLE ' || @table || ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET DEFAULT '
      || (SELECT pg_get_expr(f.adbin, f.adrelid) FROM pg_attrdef f WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) AS sql
  ${COLUMN} AND a.atthasdef AND a.attgenerated = ''`;

const NOT_NULL = `
  SELECT 'NOT NULL of column ' || quote_ident(a.attname) AS what,
    'ALTER TABLE ' || @table || coalesce(
      -- Since PostgreSQL 18, it is a constraint with a name.
      (SELECT ' ADD CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
        WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]),
      ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET NOT NULL') AS sql
  ${COLUMN} AND a.attnotnull`;

const CONSTRAINTS = `
  SELECT 'constraint ' || quote_ident(conname) AS what,
    'ALTER TABLE ' || @table || ' ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) AS sql
  FROM pg_constraint k WHERE conrelid = $1 AND contype NOT IN ('n', 't')
    AND (contype NOT IN ('p', 'u') OR EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = k.conindid AND i.indisexclusion)) AND $2::text[] IS NOT NULL ORDER BY contype, oid`;

const TRIGGERS = `
  SELECT 'trigger ' || quote_ident(tgname) AS what, pg_get_triggerdef(oid) || CASE tgenabled WHEN 'O' THEN '' ELSE
    '; ALTER TABLE ' || @table || CASE tgenabled WHEN 'D' THEN ' DISABLE' WHEN 'R' THEN ' ENABLE REPLICA' ELSE ' ENABLE ALWAYS' END
      || ' TRIGGER ' || quote_ident(tgname) END AS sql
  FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal AND $2::text[] IS NOT NULL ORDER BY oid`;

const POLICIES = `
  SELECT 'policy ' || quote_ident(polname) AS what, 'CREATE POLICY ' || quote_ident(polname) || ' ON ' || @table
    || CASE WHEN polpermissive THEN '' ELSE ' AS RESTRICTIVE' END
    || ' FOR ' || CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END
    || ' TO ' || (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ') FROM unnest(polroles) role)
    || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '') || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '') AS sql
  FROM pg_policy WHERE polrelid = $1 AND $2::text[] IS NOT NULL
  UNION ALL SELECT 'row-level security', 'ALTER TABLE ' || @table || ' ENABLE ROW LEVEL SECURITY' FROM pg_class WHERE oid = $1 AND relrowsecurity
  UNION ALL SELECT 'row-level security', 'ALTER TABLE ' || @table || ' FORCE ROW LEVEL SECURITY' FROM pg_class WHERE oid = $1 AND relforcerowsecurity`;

const COMMENTS = `
  SELECT 'the comment on ' || c.object AS what, 'COMMENT ON ' || c.object || ' IS ' || quote_literal(c.comment) AS sql
  FROM (
    SELECT 'TABLE ' || @table AS object, obj_description($1, 'pg_class') AS comment
    UNION ALL SELECT 'COLUMN ' || @table || '.' || quote_ident(a.attname), col_description(a.attrelid, a.attnum) ${COLUMN}
    UNION ALL SELECT 'INDEX ' || quote_ident(n.nspname) || '.' || quote_ident(x.relname), obj_description(x.oid, 'pg_class')
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace WHERE i.indrelid = $1
    UNION ALL SELECT 'CONSTRAINT ' || quote_ident(conname) || ' ON ' || @table, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n'
    UNION ALL SELECT 'TRIGGER ' || quote_ident(tgname) || ' ON ' || @table, obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal
    UNION ALL SELECT 'POLICY ' || quote_ident(polname) || ' ON ' || @table, obj_description(oid, 'pg_policy') FROM pg_policy WHERE polrelid = $1
  ) c WHERE c.comment IS NOT NULL`;

const IDENTIFICATION = `
  SELECT 'the replica identity' AS what, 'ALTER TABLE ' || @table || ' REPLICA IDENTITY ' || CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
    ELSE 'USING INDEX ' || (SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = $1 AND i.indisreplident) END AS sql
  FROM pg_class c WHERE c.oid = $1 AND c.relreplident <> 'd' AND $2::text[] IS NOT NULL
  UNION ALL SELECT 'its clustering', 'ALTER TABLE ' || @table || ' CLUSTER ON ' || quote_ident(x.relname)
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = $1 AND i.indisclustered`;
