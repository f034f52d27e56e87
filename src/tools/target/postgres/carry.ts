/**
 * Gives a table that replaces another one what that has besides columns and rows: indexes, constraints, defaults, identity
 * columns, sequences, triggers, policies, comments, owner and grants.
 *
 * Indexes take long to build, so they are built before the swap, under names of the load's own. At the swap, everything
 * else happens in its transaction: names move from the old table's indexes and sequences to those of the new one. The
 * undo moves them back.
 * @module
 */
import { createHash } from 'node:crypto';
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import { ident, literal } from '../../sql.js';
import { advanceSequences } from './sequences.js';
import type { PostgresSession } from './session.js';
import { grantsOf, readStructure, type Grant, type Identity, type Structure, type TableIndex } from './structure.js';

/** What the undo needs to give the old table its names back. */
export interface Moved {
  /** Indexes and sequences: the name that the old one has until the undo, and the OID of the new one. */
  readonly names: readonly { readonly kind: 'INDEX' | 'SEQUENCE'; readonly kept: string; readonly loaded: string }[];
  /** Sequences that belong to a column of the new table now: their OIDs. */
  readonly sequences: readonly { readonly column: string; readonly sequence: string }[];
}

/** @throws ToolError naming what the new table can't have */
export async function refuseLosses(
  session: PostgresSession,
  { schema, table }: LoadTarget,
  oid: string,
  columns: readonly string[],
): Promise<void> {
  const { losses, indexes } = await readStructure(session, oid, columns);
  const unknown = indexes.filter(({ definition }) => definition === null).map(({ name }) => `index ${ident(name)}`);
  const lost = [...losses, ...unknown];
  if (lost.length === 0) return;
  const shown = lost.slice(0, 10).join(', ');
  throw new ToolError(
    `${schema}.${table} can't be replaced without losing ${shown}${lost.length > 10 ? ' and more' : ''}; load the columns that these need, or set \`keep\` to false to replace the table without its indexes, constraints, grants and other settings`,
  );
}

/** Builds the indexes of the table `oid` on the staging table, unless an earlier attempt has built them. */
export async function buildIndexes(
  session: PostgresSession,
  { id, schema }: LoadTarget,
  oid: string,
  staging: string,
): Promise<void> {
  const { indexes } = await readStructure(session, oid, []);
  for (const index of indexes.filter(({ exclusion }) => !exclusion))
    await buildIndex(session, index, { id, schema, table: staging });
}

interface IndexPlace {
  readonly id: string;
  readonly schema: string;
  readonly table: string;
}

/** @returns the index's temporary name */
async function buildIndex(session: PostgresSession, index: TableIndex, place: IndexPlace): Promise<string> {
  const definition = `${index.unique ? 'UNIQUE ' : ''}INDEX ${index.definition}`;
  // An index that was changed since it was built has another name.
  const hash = createHash('sha256').update(`${index.oid} ${definition}`).digest('hex').slice(0, 12);
  const name = `mcp_${place.id}_${hash}`;
  await attempt(`index ${ident(index.name)}`, async () => {
    await session.query(
      `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${ident(name)} ON ${ident(place.schema, place.table)} ${index.definition}`,
    );
  });
  return name;
}

/**
 * Gives the new table what the old one had. Both already have their new names.
 *
 * @param structure that of the old table, read before it was renamed
 * @param loaded the new table's OID
 * @param columns the new table's columns
 */
export async function carryOver(
  session: PostgresSession,
  target: LoadTarget,
  structure: Structure,
  { loaded, columns }: { readonly loaded: string; readonly columns: readonly string[] },
): Promise<Moved> {
  const { id, schema, table } = target;
  const name = ident(schema, table);
  const names: { kind: 'INDEX' | 'SEQUENCE'; kept: string; loaded: string }[] = [];
  for (const { what, sql } of structure.first) await attempt(what, async () => await session.query(sql));
  for (const [i, index] of structure.indexes.entries()) {
    const kept = `mcp_${id}_i${i}`;
    if (index.exclusion) {
      await session.query(`ALTER INDEX ${ident(schema, index.name)} RENAME TO ${ident(kept)}`);
      continue;
    }
    const built = await buildIndex(session, index, { id, schema, table });
    names.push({ kind: 'INDEX', kept, loaded: await oidOf(session, ident(schema, built)) });
    await session.query(`ALTER INDEX ${ident(schema, index.name)} RENAME TO ${ident(kept)}`);
    const adopt =
      index.constraint === null
        ? `ALTER INDEX ${ident(schema, built)} RENAME TO ${ident(index.name)}`
        : `ALTER TABLE ${name} ADD CONSTRAINT ${ident(index.name)} ${adopted(index.constraint, built)}`;
    await attempt(`constraint ${ident(index.name)}`, async () => await session.query(adopt));
  }
  for (const [i, identity] of structure.identities.entries())
    names.push(await carryIdentity(session, target, identity, `mcp_${id}_s${i}`));
  for (const { what, sql } of structure.last) await attempt(what, async () => await session.query(sql));
  for (const [i, { name: made, exclusion }] of structure.indexes.entries())
    if (exclusion)
      names.push({ kind: 'INDEX', kept: `mcp_${id}_i${i}`, loaded: await oidOf(session, ident(schema, made)) });
  await attempt('its owner', async () => await session.query(`ALTER TABLE ${name} OWNER TO ${structure.owner}`));
  const sequences: { column: string; sequence: string }[] = [];
  for (const { column, sequence } of structure.sequences) {
    await session.query(`ALTER SEQUENCE ${sequence} OWNED BY ${name}.${ident(column)}`);
    sequences.push({ column, sequence: await oidOf(session, sequence) });
  }
  await carryGrants(session, name, structure.grants, await grantsOf(session, loaded, columns));
  await advanceSequences(session, name, columns);
  return { names, sequences };
}

/** `PRIMARY KEY DEFERRABLE` becomes `PRIMARY KEY USING INDEX "built" DEFERRABLE`. */
function adopted(constraint: string, built: string): string {
  return constraint.replace(/^(PRIMARY KEY|UNIQUE)/, (kind) => `${kind} USING INDEX ${ident(built)}`);
}

async function carryIdentity(
  session: PostgresSession,
  { schema, table }: LoadTarget,
  { column, always, sequence, options, position, called }: Identity,
  kept: string,
): Promise<Moved['names'][number]> {
  const name = ident(schema, table);
  await attempt(`identity column ${ident(column)}`, async () => {
    await session.query(
      `ALTER TABLE ${name} ALTER COLUMN ${ident(column)} ADD GENERATED ${always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY (${options})`,
    );
  });
  const [made] = await session.query<{ oid: string; name: string }>(
    `SELECT c.oid::text, c.relname AS name FROM pg_class c WHERE c.oid = pg_get_serial_sequence($1, $2)::regclass`,
    [name, column],
  );
  await session.query(`SELECT setval($1::oid::regclass, $2, $3)`, [made!.oid, position, called]);
  const [old] = await session.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE oid = $1::regclass`, [
    sequence,
  ]);
  await session.query(`ALTER SEQUENCE ${sequence} RENAME TO ${ident(kept)}`);
  await session.query(`ALTER SEQUENCE ${ident(schema, made!.name)} RENAME TO ${ident(old!.name)}`);
  return { kind: 'SEQUENCE', kept, loaded: made!.oid };
}

/** Makes the grants equal to the wanted ones. Default privileges may have given the new table others. */
async function carryGrants(
  session: PostgresSession,
  table: string,
  wanted: readonly Grant[],
  present: readonly Grant[],
): Promise<void> {
  const key = (grant: Grant): string => JSON.stringify([grant.grantee, grant.privilege, grant.grantable, grant.column]);
  const on = ({ privilege, column }: Grant): string =>
    `${privilege}${column === null ? '' : ` (${ident(column)})`} ON TABLE ${table}`;
  const [had, has] = [new Set(wanted.map(key)), new Set(present.map(key))];
  for (const grant of present.filter((each) => !had.has(key(each))))
    await session.query(`REVOKE ${on(grant)} FROM ${grant.grantee}`);
  for (const grant of wanted.filter((each) => !has.has(key(each))))
    await attempt(`the grant of ${grant.privilege} to ${grant.grantee}`, async () => {
      await session.query(`GRANT ${on(grant)} TO ${grant.grantee}${grant.grantable ? ' WITH GRANT OPTION' : ''}`);
    });
}

/** Gives the old table its names and sequences back. Both tables have the names they get from the undo. */
export async function carryBack(
  session: PostgresSession,
  { id, schema }: LoadTarget,
  { names, sequences }: Moved,
  { loaded, restored }: { readonly loaded: string; readonly restored: string },
): Promise<void> {
  for (const { column, sequence } of sequences) {
    const [owned] = await session.query<{ name: string }>(
      `SELECT $1::oid::regclass::text AS name FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = $1 AND refobjid = $2 AND deptype = 'a'`,
      [sequence, loaded],
    );
    // It belongs to the table of another load that has replaced this one.
    if (!owned) continue;
    await session.query(`ALTER SEQUENCE ${owned.name} OWNED BY ${ident(schema, restored)}.${ident(column)}`);
  }
  for (const [i, moved] of names.entries()) {
    const [named] = await session.query<{ name: string }>('SELECT relname AS name FROM pg_class WHERE oid = $1', [
      moved.loaded,
    ]);
    const [kept] = await session.query(
      'SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
      [schema, moved.kept],
    );
    if (!named || !kept) continue;
    await session.query(`ALTER ${moved.kind} ${ident(schema, named.name)} RENAME TO ${ident(`mcp_${id}_u${i}`)}`);
    await session.query(`ALTER ${moved.kind} ${ident(schema, moved.kept)} RENAME TO ${ident(named.name)}`);
  }
}

async function oidOf(session: PostgresSession, name: string): Promise<string> {
  const [row] = await session.query<{ oid: string }>(`SELECT ${literal(name)}::regclass::oid::text AS oid`);
  return row!.oid;
}

/** @throws ToolError that says which part of the old table the new one can't have */
async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new ToolError(
      `the new table can't have ${what} of the old one: ${error.message}; change the source, or set \`keep\` to false to replace the table without its indexes, constraints, grants and other settings`,
    );
  }
}
