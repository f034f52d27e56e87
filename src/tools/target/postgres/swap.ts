/**
 * Swapping a loaded table in, and back out.
 *
 * The loaded table is known by its OID, which survives renaming: between a load's swap and its undo another load may have
 * replaced the same table, and then the undo takes place in what that load keeps.
 * @module
 */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import { ident } from '../../sql.js';
import type { LoadTables } from '../names.js';
import type { PostgresSession } from './session.js';

/** Renames the table away and the staging table into its place. A retry finds the mark and does nothing. */
export async function swapTables(
  session: PostgresSession,
  target: LoadTarget,
  names: LoadTables,
  check: () => Promise<void>,
): Promise<void> {
  const { schema, table } = target;
  await exclusive(session, target, async () => {
    if (await oidOf(session, schema, names.swapped)) return;
    await check();
    const loaded = await oidOf(session, schema, names.staging);
    if (await oidOf(session, schema, table)) {
      await session.query(`ALTER TABLE ${ident(schema, table)} RENAME TO ${ident(names.kept)}`);
    }
    await session.query(`ALTER TABLE ${ident(schema, names.staging)} RENAME TO ${ident(table)}`);
    await session.query(`CREATE TABLE ${ident(schema, names.swapped)} (loaded oid NOT NULL)`);
    await session.query(`INSERT INTO ${ident(schema, names.swapped)} VALUES ($1)`, [loaded]);
  });
}

/**
 * Puts the kept table wherever the loaded one is now, and drops everything else of the load. The loaded table is first put
 * out of the way: something may depend on it by now, and that must not keep the other from coming back.
 */
export async function undoTables(session: PostgresSession, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema } = target;
  await exclusiveDrop(session, target, names, async () => {
    // Where another load has replaced the loaded table and has ended, what was there before both is of no use any more.
    const loaded = await loadedName(session, schema, names);
    if (loaded === undefined) return;
    await session.query(`ALTER TABLE ${ident(schema, loaded)} RENAME TO ${ident(names.staging)}`);
    if (await oidOf(session, schema, names.kept)) {
      await session.query(`ALTER TABLE ${ident(schema, names.kept)} RENAME TO ${ident(loaded)}`);
    }
  });
}

/** Drops what the load replaced, once that is not to come back, and its own tables. */
export async function settleTables(session: PostgresSession, target: LoadTarget, names: LoadTables): Promise<void> {
  await exclusiveDrop(session, target, names, async () => {});
}

/**
 * Drops the load's own tables after `work`, all in one transaction, so that no attempt that is still alive can swap in
 * between. Something of others may depend on one with rows; that one is then all that is left.
 *
 * @throws ToolError naming what is left, after everything else is done
 */
async function exclusiveDrop(
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
        left.push(`${schema}.${name} is left and has to be dropped by hand: ${error.message}`);
      }
    }
  });
  if (left.length > 0) throw new ToolError(left.join('; '));
}

/**
 * One transaction; the loads of one table take turns.
 * The lock timeout is short because whoever waits for a table's exclusive lock holds up every reader behind it;
 * giving up and coming back lets them through.
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

async function oidOf(session: PostgresSession, schema: string, name: string): Promise<string | undefined> {
  const [row] = await session.query<{ oid: string }>(
    'SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
    [schema, name],
  );
  return row?.oid;
}

/** What the loaded table is called now; undefined if it was not swapped in, or is gone. */
async function loadedName(session: PostgresSession, schema: string, names: LoadTables): Promise<string | undefined> {
  if (!(await oidOf(session, schema, names.swapped))) return undefined;
  const [row] = await session.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE oid = (SELECT loaded FROM ${ident(schema, names.swapped)})`,
  );
  return row?.name;
}
