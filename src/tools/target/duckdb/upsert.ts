/**
 * Adds loaded rows to an existing table in a DuckDB file: rows whose key exists are replaced, all others are inserted.
 *
 * Works as in PostgreSQL, but DuckDB does not record who wrote a row. The undo therefore leaves rows alone that no longer
 * have the loaded values.
 * @module
 */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget, MergeCounts } from '../../load/types.js';
import type { Column } from '../../source/pins.js';
import { ident, literal } from '../../sql.js';
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
import type { Query } from './check.js';
import { dropOwn, nameOf, transaction } from './swap.js';

interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** @throws ToolError if rows with these columns can't be merged into the table; see `postgres/upsert.ts` */
export async function checkUpsert(
  query: Query,
  { schema, table, key = [] }: LoadTarget,
  columns: readonly Column[],
): Promise<void> {
  const name = `${schema}.${table}`;
  if ((await nameOf(query, schema, table)) === undefined)
    throw new ToolError(`${name} does not exist or is not a table; use mode "create" to create it`);
  requireKey(name, key, await uniqueKeys(query, schema, table));
  if (columns.length === 0) return;
  const loaded = columns.map((column) => column.name);
  const existing = await tableColumns(query, schema, table);
  requireKeyColumns(key, loaded);
  requireTableColumns(
    name,
    loaded,
    existing.map((column) => column.name),
  );
  for (const { name: column, required } of existing) {
    if (required && !loaded.includes(column))
      throw new ToolError(`column "${column}" of ${name} needs a value, but the loaded rows have no such column`);
  }
}

/** Merges the staging table into the table. A retry finds the `swapped` table and does nothing. */
export async function mergeRows(
  query: Query,
  target: LoadTarget,
  names: LoadTables,
  columns: readonly Column[],
): Promise<MergeCounts> {
  const { schema, table, key = [] } = target;
  await transaction(query, async () => {
    if ((await nameOf(query, schema, names.swapped)) !== undefined) return;
    await checkUpsert(query, target, columns);
    const merged = await mergedColumns(query, target, names);
    await refuseChanged(query, ident(schema, names.staging), merged);
    await refuseBadKeys(query, ident(schema, names.staging), key, merged);
    await merge(query, target, names, merged);
    await query(`CREATE TABLE ${ident(schema, names.swapped)} AS SELECT ${literal(table)} AS merged`);
  });
  const [counts] = await query(
    `SELECT (SELECT count(*) FROM ${ident(schema, names.staging)}) AS loaded, (SELECT count(*) FROM ${ident(schema, names.kept)}) AS updated`,
  );
  const updated = Number(counts?.['updated']);
  return { inserted: Number(counts?.['loaded']) - updated, updated };
}

/** Removes the inserted rows and restores the replaced ones, then drops the load's own tables. */
export async function undoMerge(query: Query, target: LoadTarget, names: LoadTables): Promise<void> {
  const { schema, table, key = [] } = target;
  await transaction(query, async () => {
    const merged = (await nameOf(query, schema, names.swapped)) !== undefined;
    if (merged && (await nameOf(query, schema, table)) !== undefined) {
      const columns = await mergedColumns(query, target, names);
      const keys = key.map((name) => `t.${ident(name)}`);
      const kept = key.map((name) => `k.${ident(name)}`);
      const values = columns.map(({ name }) => `t.${ident(name)}`);
      const loaded = columns.map((column) => stagedValue('s', column));
      const unchanged = `${allEqual(keys, stagedKey('s', key, columns))} AND ${allEqual(values, loaded, 'IS NOT DISTINCT FROM')}`;
      await query(
        `DELETE FROM ${ident(schema, table)} t USING ${ident(schema, names.staging)} s
         WHERE ${unchanged} AND NOT EXISTS (SELECT 1 FROM ${ident(schema, names.kept)} k WHERE ${allEqual(keys, kept)})`,
      );
      const others = columns.filter(({ name }) => !key.includes(name));
      const restored = others.map(({ name }) => `${ident(name)} = k.${ident(name)}`);
      if (restored.length > 0)
        await query(
          `UPDATE ${ident(schema, table)} AS t SET ${restored.join(', ')} FROM ${ident(schema, names.kept)} k, ${ident(schema, names.staging)} s
           WHERE ${allEqual(keys, kept)} AND ${unchanged}`,
        );
    }
    await dropOwn(query, schema, names);
  });
}

async function uniqueKeys(query: Query, schema: string, table: string): Promise<string[][]> {
  const rows = await query(
    `SELECT to_json(constraint_column_names)::VARCHAR AS columns FROM duckdb_constraints()
     WHERE database_name = current_database() AND lower(schema_name) = lower(${literal(schema)})
       AND lower(table_name) = lower(${literal(table)}) AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
     ORDER BY constraint_type`,
  );
  return rows.map(({ columns }) => JSON.parse(String(columns)) as string[]);
}

async function tableColumns(query: Query, schema: string, table: string): Promise<TableColumn[]> {
  const rows = await query(
    `SELECT c.column_name, c.data_type, NOT c.is_nullable AND c.column_default IS NULL AS required FROM duckdb_columns() c
     WHERE c.database_name = current_database() AND lower(c.schema_name) = lower(${literal(schema)})
       AND lower(c.table_name) = lower(${literal(table)}) ORDER BY c.column_index`,
  );
  return rows.map((row) => ({
    name: String(row['column_name']),
    type: String(row['data_type']),
    required: row['required'] === true,
  }));
}

async function mergedColumns(query: Query, { schema, table }: LoadTarget, names: LoadTables): Promise<MergedColumn[]> {
  const target = await tableColumns(query, schema, table);
  const staged = await tableColumns(query, schema, names.staging);
  return staged.map(({ name, type }) => ({
    name,
    from: type,
    to: target.find((column) => column.name === name)?.type ?? type,
  }));
}

/** @throws ToolError naming a value that the table's column can't store unchanged */
async function refuseChanged(query: Query, staging: string, columns: readonly MergedColumn[]): Promise<void> {
  for (const { name, from, to } of columns) {
    if (from === to) continue;
    const value = ident(name);
    const [changed] = await query(
      `SELECT left(${value}::VARCHAR, 100) AS value FROM ${staging}
       WHERE ${value}::VARCHAR IS DISTINCT FROM TRY_CAST(TRY_CAST(${value} AS ${to}) AS ${from})::VARCHAR LIMIT 1`,
    );
    if (changed)
      throw new ToolError(
        `column "${name}" of the table has the type ${to}, but that of the source is ${from}: "${String(changed['value'])}" would change; choose a type with \`types\``,
      );
  }
}

/** @throws ToolError if a key is NULL or occurs twice */
async function refuseBadKeys(
  query: Query,
  staging: string,
  key: readonly string[],
  columns: readonly MergedColumn[],
): Promise<void> {
  const missing = key.map((name) => `s.${ident(name)} IS NULL`).join(' OR ');
  const [empty] = await query(`SELECT 1 FROM ${staging} s WHERE ${missing} LIMIT 1`);
  if (empty) throw new ToolError(`key: a row has no value in ${key.map((name) => `"${name}"`).join(' or ')}`);
  const values = stagedKey('s', key, columns);
  const [twice] = await query(
    `SELECT left(concat_ws(', ', ${values.map((value) => `(${value})::VARCHAR`).join(', ')}), 100) AS value, count(*)::VARCHAR AS n
     FROM ${staging} s GROUP BY ${values.join(', ')} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice)
    throw new ToolError(
      `key: ${String(twice['n'])} rows of the source have the key ${String(twice['value'])}, so it is unclear which one to keep; remove duplicates first`,
    );
}

async function merge(
  query: Query,
  { schema, table, key = [] }: LoadTarget,
  names: LoadTables,
  columns: readonly MergedColumn[],
): Promise<void> {
  const loaded = columns.map(({ name }) => name);
  const keys = key.map((name) => `t.${ident(name)}`);
  await query(
    `CREATE TABLE ${ident(schema, names.kept)} AS SELECT ${qualified('t', loaded)} FROM ${ident(schema, table)} t
     JOIN ${ident(schema, names.staging)} s ON ${allEqual(keys, stagedKey('s', key, columns))}`,
  );
  const update = loaded.filter((name) => !key.includes(name)).map((name) => `${ident(name)} = EXCLUDED.${ident(name)}`);
  await query(
    `INSERT INTO ${ident(schema, table)} (${loaded.map((name) => ident(name)).join(', ')})
     SELECT ${columns.map((column) => stagedValue('s', column)).join(', ')} FROM ${ident(schema, names.staging)} s
     ON CONFLICT (${key.map((name) => ident(name)).join(', ')}) DO ${update.length > 0 ? `UPDATE SET ${update.join(', ')}` : 'NOTHING'}`,
  );
}
