/** What adding rows to an existing table needs, in every database. Pure. @module */
import { similarNames } from '../../task/similar.js';
import { ToolError } from '../../tool/errors.js';
import { ident } from '../sql.js';

/** How many names an error lists. */
const MOST_NAMED = 20;

/** A column of the loaded rows, with its type in the staging table and in the target table. */
export interface MergedColumn {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** @throws ToolError if no primary key or unique index of the table has exactly the columns of `key` */
export function requireKey(table: string, key: readonly string[], keys: readonly (readonly string[])[]): void {
  const wanted = JSON.stringify(key.toSorted());
  if (keys.some((columns) => JSON.stringify(columns.toSorted()) === wanted)) return;
  const existing = keys.slice(0, 5).map((columns) => JSON.stringify(columns));
  const next = existing.length > 0 ? `use ${existing.join(' or ')}` : 'it has none; add one first';
  throw new ToolError(
    `key: ${JSON.stringify(key)} must be the columns of a primary key or unique index of ${table}; ${next}`,
  );
}

/** @throws ToolError naming a loaded column that the table doesn't have */
export function requireTableColumns(table: string, loaded: readonly string[], existing: readonly string[]): void {
  const missing = loaded.find((name) => !existing.includes(name));
  if (missing === undefined) return;
  const [similar] = similarNames(missing, existing);
  const some = existing.slice(0, MOST_NAMED).map((name) => `"${name}"`);
  const meant = similar === undefined ? '' : `, such as "${similar}"`;
  throw new ToolError(
    `${table} has no column "${missing}", only ${some.join(', ')}${existing.length > some.length ? ', …' : ''}; leave it out with \`columns\`, or rename it in the source${meant}`,
  );
}

/** @throws ToolError if the source doesn't have every column of the key */
export function requireKeyColumns(key: readonly string[], loaded: readonly string[]): void {
  const missing = key.find((name) => !loaded.includes(name));
  if (missing !== undefined)
    throw new ToolError(`key: the loaded rows have no column "${missing}"; load every column of the key`);
}

/** Returns SQL for a row's key in the staging table, as values of the target table's types. */
export function stagedKey(alias: string, key: readonly string[], columns: readonly MergedColumn[]): string[] {
  return key.map((name) =>
    stagedValue(
      alias,
      columns.find((column) => column.name === name)!,
    ),
  );
}

/** Returns SQL for a value in the staging table, as a value of the target table's type. */
export function stagedValue(alias: string, { name, from, to }: MergedColumn): string {
  const value = `${alias}.${ident(name)}`;
  return from === to ? value : `${value}::${to}`;
}

/** Returns SQL for the names of columns, qualified by an alias. */
export function qualified(alias: string, names: readonly string[]): string {
  return names.map((name) => `${alias}.${ident(name)}`).join(', ');
}

/** Returns SQL for whether two lists of expressions are equal, one by one. */
export function allEqual(one: readonly string[], other: readonly string[], operator = '='): string {
  return one.map((each, i) => `${each} ${operator} ${other[i]!}`).join(' AND ');
}
