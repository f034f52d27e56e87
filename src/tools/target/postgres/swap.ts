/**
 * Swaps a loaded table in, and back out.
 *
 * Another load may replace the same table between a load's swap and its undo. The loaded table is therefore identified
 * by its OID, which survives renaming, and the undo then changes the table that the other load keeps.
 * @module
 */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import { ident } from '../../sql.js';
import type { LoadTables } from '../names.js';
import { buildIndexes, carryBack, carryOver, type Moved } from './carry.js';
import type { PostgresSession } from './session.js';
import { readStructure } from './structure.js';
import { tableColumns } from './table-columns.js';

/**
 * Renames the existing table out of the way and the staging table into its place. A retry finds the `swapped` table and
 * does nothing.
 */
export async function swapTables(
  session: PostgresSession,
  target: LoadTarget,
  names: LoadTables,
  check: () => Promise<void>,
): Promise<void> {
  const { schema, table } = target;
  await exclusive(session, target, async () => {
    const replaced = await oidOf(session, schema, table);
    if (!target.keep || !replaced || (await oidOf(session, schema, names.swapped))) return;
    await check();
    await buildIndexes(session, target, replaced, names.staging);
  });
  await exclusive(session, target, async () => {
    if (await oidOf(session, schema, names.swapped)) return;
    if (await oidOf(session, schema, table)) await session.query(`LOCK TABLE ${ident(schema, table)}`);
    await check();
    const loaded = (await oidOf(session, schema, names.staging))!;
    const replaced = await oidOf(session, schema, table);
    const columns = (await tableColumns(session, schema, names.staging)).map(({ name }) => name);
    // Before it is renamed, because the definitions contain its name.
    const structure = target.keep && replaced ? await readStructure(session, replaced, columns) : undefined;
    if (replaced) await session.query(`ALTER TABLE ${ident(schema, table)} RENAME TO ${ident(names.kept)}`);
    await session.query(`ALTER TABLE ${ident(schema, names.staging)} RENAME TO ${ident(table)}`);
    const moved = structure ? await carryOver(session, target, structure, { loaded, columns }) : NOTHING;
    await session.query(`CREATE TABLE ${ident(schema, names.swapped)} (loaded oid NOT NULL, moved text)`);
    await session.query(`INSERT INTO ${ident(schema, names.swapped)} VALUES ($1, $2)`, [loaded, JSON.stringify(moved)]);
  });
}

/**
 * Gives the kept table the name that the loaded table has now, and drops all other tables of the load. The loaded table
 * is renamed first and dropped last: other objects may depend on it by now, which must not prevent restoring the kept
 * table.
 */
export async function undoTables(session: PostgresSession, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema } = target;
  await exclusiveDrop(session, target, names, async () => {
    // No loaded table: either it was never swapped in, or another load has replaced and dropped it. In that case the
    // table from before both loads is no longer needed.
    const loaded = await loadedName(session, schema, names);
    if (loaded === undefined) return;
    await session.query(`ALTER TABLE ${ident(schema, loaded)} RENAME TO ${ident(names.staging)}`);
    if (await oidOf(session, schema, names.kept)) {
      await session.query(`ALTER TABLE ${ident(schema, names.kept)} RENAME TO ${ident(loaded)}`);
      const moved = await movedNames(session, schema, names);
      const oid = (await oidOf(session, schema, names.staging))!;
      await carryBack(session, target, moved, { loaded: oid, restored: loaded });
    }
  });
}

/** Drops the replaced table and the load's own tables, once the load can no longer be undone. */
export async function settleTables(session: PostgresSession, target: LoadTarget, names: LoadTables): Promise<void> {
  await exclusiveDrop(session, target, names, async () => {});
}

/**
 * Runs `work` and drops the load's own tables, all in one transaction, so that an attempt that is still alive cannot
 * swap in between. If other objects depend on the staging or kept table, only that table is left.
 *
 * @throws ToolError naming the tables that are left, after everything else is done
 */
export async function exclusiveDrop(
  session: PostgresSession,
  target: LoadTarget,
  names: LoadTables,
  work: () => Promise<void>,
): Promise<void> {
  const { schema } = target;
  const left: string[] = [];
  await exclusive(session, target, async () => {
    await work();
    for (const name of [names.swapped, names.ledger, names.starts])
      await session.query(`DROP TABLE IF EXISTS ${ident(schema, name)}`);
    for (const name of [names.staging, names.kept]) {
      await session.query('SAVEPOINT before_drop');
      try {
        await session.query(`DROP TABLE IF EXISTS ${ident(schema, name)}`);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        await session.query('ROLLBACK TO before_drop');
        left.push(`${schema}.${name} could not be dropped; drop it manually (${error.message})`);
      }
    }
  });
  if (left.length > 0) throw new ToolError(left.join('; '));
}

/**
 * Runs `work` in a transaction; loads of the same table take turns.
 * The lock timeout is short because a session that waits for an exclusive table lock blocks every reader queued behind
 * it. Giving up and retrying lets them through.
 */
export async function exclusive(
  session: PostgresSession,
  { schema, table }: LoadTarget,
  work: () => Promise<void>,
): Promise<void> {
  await session.transaction(async () => {
    await session.query(`SET LOCAL lock_timeout = '5s'`);
    await session.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`mcp-tasks ${ident(schema, table)}`]);
    await work();
  });
}

/** Returns whether there is a table with this name. */
export async function exists(session: PostgresSession, schema: string, name: string): Promise<boolean> {
  return (await oidOf(session, schema, name)) !== undefined;
}

async function oidOf(session: PostgresSession, schema: string, name: string): Promise<string | undefined> {
  const [row] = await session.query<{ oid: string }>(
    'SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
    [schema, name],
  );
  return row?.oid;
}

/** Returns what the swap has moved to the loaded table. Swaps of earlier versions moved nothing. */
async function movedNames(session: PostgresSession, schema: string, names: LoadTables): Promise<Moved> {
  const [row] = await session.query<{ moved: string | null }>(
    `SELECT to_jsonb(s) ->> 'moved' AS moved FROM ${ident(schema, names.swapped)} s`,
  );
  return row?.moved ? (JSON.parse(row.moved) as Moved) : NOTHING;
}

const NOTHING: Moved = { names: [], sequences: [] };

/** Returns the loaded table's current name; undefined if it was not swapped in or no longer exists. */
async function loadedName(session: PostgresSession, schema: string, names: LoadTables): Promise<string | undefined> {
  if (!(await oidOf(session, schema, names.swapped))) return undefined;
  const [row] = await session.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE oid = (SELECT loaded FROM ${ident(schema, names.swapped)})`,
  );
  return row?.name;
}
