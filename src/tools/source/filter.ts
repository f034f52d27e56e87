/** Decides which columns and rows of a source to use, and checks them against the source. @module */
import { similarNames } from '../../task/similar.js';
import { ToolError } from '../../tool/errors.js';
import { ident, literal } from '../sql.js';
import { unfit } from './check-chosen.js';
import type { Column } from './pins.js';
import type { SourceSession } from './session.js';
import { typeKind } from './type-kind.js';
import { conditionsOf, type Where } from './where.js';
import { whereSql } from './where-sql.js';

/** How many column names an error lists. */
const MOST_NAMED = 20;

/**
 * Checks that the source has all of the named columns.
 *
 * @param argument the call's argument that names them
 * @throws ToolError naming a column that does not exist, and those that do
 */
export function requireColumns(argument: string, names: Iterable<string>, existing: readonly string[]): void {
  for (const name of names) {
    if (existing.includes(name)) continue;
    const [similar] = similarNames(name, existing);
    const meant = similar === undefined ? '' : ` Did you mean "${similar}"?`;
    const some = existing.slice(0, MOST_NAMED).map((each) => `"${each}"`);
    throw new ToolError(
      `${argument}: there is no column "${name}"; the columns are: ${some.join(', ')}${existing.length > some.length ? ', …' : ''}${meant && `.${meant}`}`,
    );
  }
}

/** Returns the names of the columns to load, and of those that only the filter needs. */
export function neededColumns(
  { columns, where }: { readonly columns?: readonly string[] | undefined; readonly where?: Where | undefined },
  existing: readonly string[],
): { loaded: readonly string[]; extra: readonly string[] } {
  const loaded = columns ?? existing;
  requireColumns('columns', loaded, existing);
  const twice = loaded.find((name, i) => loaded.indexOf(name) !== i);
  if (twice !== undefined) throw new ToolError(`columns: "${twice}" is listed twice`);
  const filtered = new Set(conditionsOf(where ?? []).map(({ column }) => column));
  requireColumns('where', filtered, existing);
  return { loaded, extra: [...filtered].filter((name) => !loaded.includes(name)) };
}

/**
 * Checks that every value of the filter is a value of its column's type.
 *
 * @throws ToolError naming the column and the value
 */
export async function checkFilter(session: SourceSession, where: Where, columns: readonly Column[]): Promise<void> {
  whereSql(where, columns);
  for (const { column: name, value, values } of conditionsOf(where)) {
    const column = columns.find((each) => each.name === name)!;
    if (!PARSED.has(typeKind(column.type))) continue;
    for (const each of values ?? (value === undefined ? [] : [value])) {
      const [row] = await session.rows(
        `SELECT ${unfit(column)} AS bad FROM (SELECT ${literal(String(each))} AS ${ident(name)})`,
      );
      if (row?.['bad'] !== false)
        throw new ToolError(
          `where: "${String(each)}" is not a valid ${column.type}, which is the type of column "${name}"`,
        );
    }
  }
}

const PARSED: ReadonlySet<string> = new Set(['date', 'time', 'timestamp', 'timestamp_ns', 'uuid']);
