/**
 * Adds loaded rows to an existing table: rows whose key exists are replaced, all others are inserted.
 *
 * The rows are complete and verified in the staging table before the table changes. They are then merged in one
 * transaction, which also records that it has happened, so that a retry does nothing. It keeps the replaced rows. The
 * undo restores them and removes the inserted rows, except for rows that someone has changed since: PostgreSQL marks
 * each version of a row with the transaction that wrote it.
 * @module
 */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget, MergeCounts } from '../../load/types.js';
import type { Column } from '../../source/pins.js';
import { ident } from '../../sql.js';
import type { LoadTables } from '../names.js';
import {
  allEqual,
  qualified,
  requireKey,
  requireKeyColumns,
  requireTableColumns,
  stagedKey,
  stagedValue,
  type MergedColumn,
} from '../upsert.js';
import { advanceSequences } from './sequences.js';
import type { PostgresSession } from './session.js';
import { exclusive, exclusiveDrop, exists } from './swap.js';
import { tableColumns, uniqueKeys } from './table-columns.js';

interface AccessRow {
  readonly kind: string;
  readonly missing: string[] | null;
}

/** The privileges on the table that a load needs; DELETE for its undo. */
const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/**
 * Checks that rows with these columns can be merged into the table.
 *
 * @param columns the loaded columns; empty before the source is known
 * @throws ToolError if the table does not exist, is not a table, lacks a privilege, a column or a unique index, or needs
 *   values that the rows don't have
 */
export async function checkUpsert(
  session: PostgresSession,
  { schema, table, key = [] }: LoadTarget,
  columns: readonly Column[],
): Promise<void> {
  const name = `${schema}.${table}`;
  const [found] = await session.query<AccessRow & Record<string, unknown>>(
    `SELECT c.relkind::text AS kind,
       (SELECT array_agg(p) FROM unnest($3::text[]) p WHERE NOT has_table_privilege(c.oid, p)) AS missing
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table, PRIVILEGES],
  );
  if (!found) throw new ToolError(`${name} does not exist; use mode "create" to create it`);
  if (found.kind !== 'r' && found.kind !== 'p') throw new ToolError(`${name} is not a table, so rows can't be added`);
  if (found.missing)
    throw new ToolError(`the database user needs the privileges ${found.missing.join(', ')} on ${name}`);
  requireKey(name, key, await uniqueKeys(session, schema, table));
  if (columns.length === 0) return;
  const loaded = columns.map((column) => column.name);
  const existing = await tableColumns(session, schema, table);
  requireKeyColumns(key, loaded);
  requireTableColumns(
    name,
    loaded,
    existing.map((column) => column.name),
  );
  for (const column of existing) {
    const isLoaded = loaded.includes(column.name);
    if (isLoaded && (column.generated || (column.identity && !key.includes(column.name))))
      throw new ToolError(
        `${name} generates the values of column "${column.name}" itself; leave it out with \`columns\``,
      );
    if (!isLoaded && column.required)
      throw new ToolError(`column "${column.name}" of ${name} needs a value, but the loaded rows have no such column`);
  }
}

/** Merges the staging table into the table. A retry finds the `swapped` table and does nothing. */
export async function mergeRows(
  session: PostgresSession,
  target: LoadTarget,
  names: LoadTables,
  columns: readonly Column[],
): Promise<MergeCounts> {
  const { schema, table } = target;
  const own = (name: keyof LoadTables): string => ident(schema, names[name]);
  await exclusive(session, target, async () => {
    if (await exists(session, schema, names.swapped)) return;
    // Other writers wait until the merge is done; readers don't.
    await session.query(`LOCK TABLE ${ident(schema, table)} IN SHARE ROW EXCLUSIVE MODE`);
    await checkUpsert(session, target, columns);
    const merged = await mergedColumns(session, target, names);
    await refuseChanged(session, own('staging'), merged);
    await refuseBadKeys(session, own('staging'), target, merged);
    await merge(session, target, names, merged);
    const loaded = merged.map(({ name }) => name);
    await advanceSequences(session, ident(schema, table), loaded);
    await session.query(`CREATE TABLE ${own('swapped')} (writer text NOT NULL)`);
    await session.query(`INSERT INTO ${own('swapped')} VALUES ((txid_current() % 4294967296)::text)`);
  });
  const [counts] = await session.query<{ all: string; updated: string }>(
    `SELECT (SELECT count(*) FROM ${own('staging')}) AS all, (SELECT count(*) FROM ${own('kept')}) AS updated`,
  );
  const updated = Number(counts?.updated);
  return { inserted: Number(counts?.all) - updated, updated };
}

/** Removes the inserted rows and restores the replaced ones, then drops the load's own tables. */
export async function undoMerge(session: PostgresSession, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema, table, key = [] } = target;
  await exclusiveDrop(session, target, names, async () => {
    if (!(await exists(session, schema, names.swapped)) || !(await exists(session, schema, table))) return;
    const merged = await mergedColumns(session, target, names);
    const [swapped] = await session.query<{ writer: string }>(`SELECT writer FROM ${ident(schema, names.swapped)}`);
    const keys = key.map((name) => `t.${ident(name)}`);
    const kept = key.map((name) => `k.${ident(name)}`);
    await session.query(
      `DELETE FROM ${ident(schema, table)} t USING ${ident(schema, names.staging)} s
       WHERE ${allEqual(keys, stagedKey('s', key, merged))} AND t.xmin::text = $1
         AND NOT EXISTS (SELECT FROM ${ident(schema, names.kept)} k WHERE ${allEqual(keys, kept)})`,
      [swapped?.writer],
    );
    const others = merged.filter(({ name }) => !key.includes(name));
    if (others.length === 0) return;
    const restored = others.map(({ name }) => `${ident(name)} = k.${ident(name)}`);
    await session.query(
      `UPDATE ${ident(schema, table)} t SET ${restored.join(', ')} FROM ${ident(schema, names.kept)} k
       WHERE ${allEqual(keys, kept)} AND t.xmin::text = $1`,
      [swapped?.writer],
    );
  });
}

async function mergedColumns(
  session: PostgresSession,
  { schema, table }: LoadTarget,
  names: LoadTables,
): Promise<MergedColumn[]> {
  const target = await tableColumns(session, schema, table);
  const staged = await tableColumns(session, schema, names.staging);
  return staged.map(({ name, type }) => ({
    name,
    from: type,
    to: target.find((column) => column.name === name)?.type ?? type,
  }));
}

/** @throws ToolError naming a value that the table's column can't store unchanged */
async function refuseChanged(
  session: PostgresSession,
  staging: string,
  columns: readonly MergedColumn[],
): Promise<void> {
  for (const { name, from, to } of columns) {
    // `jsonb` stores the same value as `json`, in another notation.
    if (from === to || (from === 'json' && to === 'jsonb')) continue;
    const value = ident(name);
    const explain = `column "${name}" of the table has the type ${to}, but that of the source is ${from}`;
    try {
      const [changed] = await session.query<{ value: string }>(
        `SELECT left(${value}::text, 100) AS value FROM ${staging} WHERE ${value}::text IS DISTINCT FROM ${value}::${to}::${from}::text LIMIT 1`,
      );
      if (!changed) continue;
      throw new ToolError(`${explain}: "${changed.value}" would change; choose a type with \`types\``);
    } catch (error) {
      if (!(error instanceof ToolError) || error.message.startsWith(explain)) throw error;
      throw new ToolError(`${explain} (${error.message})`);
    }
  }
}

/** @throws ToolError if a key is NULL or occurs twice */
async function refuseBadKeys(
  session: PostgresSession,
  staging: string,
  { key = [] }: LoadTarget,
  columns: readonly MergedColumn[],
): Promise<void> {
  const missing = key.map((name) => `s.${ident(name)} IS NULL`).join(' OR ');
  const [empty] = await session.query(`SELECT FROM ${staging} s WHERE ${missing} LIMIT 1`);
  if (empty) throw new ToolError(`key: a row has no value in ${key.map((name) => `"${name}"`).join(' or ')}`);
  const values = stagedKey('s', key, columns);
  const [twice] = await session.query<{ value: string; n: string }>(
    `SELECT left(concat_ws(', ', ${values.map((value) => `(${value})::text`).join(', ')}), 100) AS value, count(*) AS n
     FROM ${staging} s GROUP BY ${values.join(', ')} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice)
    throw new ToolError(
      `key: ${twice.n} rows of the source have the key ${twice.value}, so it is unclear which one to keep; remove duplicates first`,
    );
}

async function merge(
  session: PostgresSession,
  { schema, table, key = [] }: LoadTarget,
  names: LoadTables,
  columns: readonly MergedColumn[],
): Promise<void> {
  const loaded = columns.map(({ name }) => name);
  const keys = key.map((name) => `t.${ident(name)}`);
  await session.query(
    `CREATE TABLE ${ident(schema, names.kept)} AS SELECT ${qualified('t', loaded)} FROM ${ident(schema, table)} t
     JOIN ${ident(schema, names.staging)} s ON ${allEqual(keys, stagedKey('s', key, columns))}`,
  );
  const others = loaded.filter((name) => !key.includes(name));
  const update = others.map((name) => `${ident(name)} = EXCLUDED.${ident(name)}`);
  const identity = (await tableColumns(session, schema, table)).some(
    (each) => each.identity && key.includes(each.name),
  );
  await session.query(
    `INSERT INTO ${ident(schema, table)} (${loaded.map((name) => ident(name)).join(', ')})${identity ? ' OVERRIDING SYSTEM VALUE' : ''}
     SELECT ${columns.map((column) => stagedValue('s', column)).join(', ')} FROM ${ident(schema, names.staging)} s
     ON CONFLICT (${key.map((name) => ident(name)).join(', ')}) DO ${update.length > 0 ? `UPDATE SET ${update.join(', ')}` : 'NOTHING'}`,
  );
}
