/**
 * Swaps a loaded table in, and back out, in a DuckDB file.
 *
 * Another load may replace the same table between a load's swap and its undo. The loaded table is therefore identified
 * by its comment, which survives renaming. Its internal ID would not do: DuckDB renumbers tables when it opens a file.
 * @module
 */
import type { LoadTarget } from '../../load/types.js';
import { ident, literal } from '../../sql.js';
import type { Column } from '../../source/pins.js';
import { loadTables, type LoadTables } from '../names.js';
import type { Query } from './check.js';
import { commentColumns, createIndexes, latePartsOf, type LateParts } from './structure.js';

/**
 * Renames the existing table out of the way and the staging table into its place. A retry finds the `swapped` table and
 * does nothing.
 */
export async function swapTables(
  query: Query,
  target: LoadTarget,
  names: LoadTables,
  columns: readonly Column[],
  check: () => Promise<void>,
): Promise<void> {
  const { schema, table, id, keep } = target;
  await transaction(query, async () => {
    if ((await nameOf(query, schema, names.swapped)) !== undefined) return;
    await check();
    const replaced = await nameOf(query, schema, table);
    const late = replaced === undefined ? undefined : await latePartsOf(query, schema, replaced);
    const parts = late && { ...late, comment: await ownComment(query, schema, late.comment) };
    if (replaced !== undefined) {
      // DuckDB can't rename a table that has indexes.
      for (const { name } of late?.indexes ?? []) await query(`DROP INDEX ${ident(schema, name)}`);
      await query(`ALTER TABLE ${ident(schema, replaced)} RENAME TO ${ident(names.kept)}`);
    }
    await query(`ALTER TABLE ${ident(schema, names.staging)} RENAME TO ${ident(table)}`);
    await query(`COMMENT ON TABLE ${ident(schema, table)} IS ${literal(mark(id))}`);
    if (keep && parts) {
      await commentColumns(query, ident(schema, table), parts, columns);
      await createIndexes(query, schema, parts);
    }
    await query(
      `CREATE TABLE ${ident(schema, names.swapped)} AS SELECT ${literal(replaced ?? table)} AS replaced,
         ${textOrNull(parts && JSON.stringify(parts))} AS parts, ${textOrNull(keep ? parts?.comment : undefined)} AS comment`,
    );
  });
}

/** Gives the kept table the name that the loaded table has now, and drops all other tables of the load. */
export async function undoTables(query: Query, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema, id } = target;
  await transaction(query, async () => {
    if ((await nameOf(query, schema, names.swapped)) !== undefined) {
      const loaded = await loadedName(query, schema, id);
      const kept = await nameOf(query, schema, names.kept);
      if (loaded !== undefined) await query(`DROP TABLE ${ident(schema, loaded)}`);
      if (kept !== undefined && loaded !== undefined) {
        // Restore the original spelling, unless a later load has renamed the loaded table to its own `kept` name.
        const [swapped] = await query(`SELECT * FROM ${ident(schema, names.swapped)}`);
        const before = String(swapped?.['replaced']);
        const isFinal = before.toLowerCase() === loaded.toLowerCase();
        await query(`ALTER TABLE ${ident(schema, names.kept)} RENAME TO ${ident(isFinal ? before : loaded)}`);
        // Otherwise the indexes are those of the later load's table, whose undo creates them again.
        const parts = swapped?.['parts'];
        if (isFinal && typeof parts === 'string') await createIndexes(query, schema, JSON.parse(parts) as LateParts);
      }
    }
    await dropOwn(query, schema, names);
  });
}

/** Drops the replaced table and the load's own tables, once the load can no longer be undone. */
export async function settleTables(query: Query, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema, id } = target;
  await transaction(query, async () => {
    const loaded = await loadedName(query, schema, id);
    const comment = await swappedComment(query, schema, names.swapped);
    if (loaded !== undefined)
      await query(`COMMENT ON TABLE ${ident(schema, loaded)} IS ${comment === null ? 'NULL' : literal(comment)}`);
    await dropOwn(query, schema, names);
  });
}

/** Drops the load's own tables. */
export async function dropOwn(query: Query, schema: string, names: LoadTables): Promise<void> {
  for (const name of Object.values(names)) await query(`DROP TABLE IF EXISTS ${ident(schema, name as string)}`);
}

/** Runs `work` in a transaction, and rolls back if it throws. */
export async function transaction(query: Query, work: () => Promise<void>): Promise<void> {
  await query('BEGIN');
  try {
    await work();
    await query('COMMIT');
  } catch (error) {
    await query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Returns a table's name as it is spelled in the database; undefined if there is no such table. */
export async function nameOf(query: Query, schema: string, table: string): Promise<string | undefined> {
  const [row] = await query(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()
     AND lower(schema_name) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)})`,
  );
  return row ? String(row['table_name']) : undefined;
}

async function loadedName(query: Query, schema: string, id: string): Promise<string | undefined> {
  const [row] = await query(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND lower(schema_name) = lower(${literal(schema)}) AND comment = ${literal(mark(id))}`,
  );
  return row ? String(row['table_name']) : undefined;
}

/** Returns the comment that a table will have once the load whose mark it has for now is settled. */
async function ownComment(query: Query, schema: string, comment: string | null): Promise<string | null> {
  const id = /^mcp-tasks ([0-9a-f]{20})$/.exec(comment ?? '')?.[1];
  return id === undefined ? comment : await swappedComment(query, schema, loadTables(id).swapped);
}

/** Swaps of earlier versions have no comments. */
async function swappedComment(query: Query, schema: string, swapped: string): Promise<string | null> {
  if ((await nameOf(query, schema, swapped)) === undefined) return null;
  const comment = (await query(`SELECT * FROM ${ident(schema, swapped)}`))[0]?.['comment'];
  return typeof comment === 'string' ? comment : null;
}

function textOrNull(text: string | null | undefined): string {
  return `${typeof text === 'string' ? literal(text) : 'NULL'}::VARCHAR`;
}

function mark(id: string): string {
  return `mcp-tasks ${id}`;
}
