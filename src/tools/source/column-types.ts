/** Determines columns and types with DuckDB. @module */
import { ToolError } from '../../tool/errors.js';
import { ident } from '../sql.js';
import type { Column, CsvDialect, JsonLayout, SourceFile } from './pins.js';
import type { SourceSession } from './session.js';

export interface DescribedFile {
  readonly columns: readonly Column[];
  readonly dialect?: CsvDialect;
  readonly layout?: JsonLayout;
  readonly plainNumbers?: SourceFile['plainNumbers'];
}

/** @param files the files to name in an error */
export async function describeSql(session: SourceSession, sql: string, files?: readonly string[]): Promise<Column[]> {
  const rows = await session.rows(`DESCRIBE ${sql}`, files);
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

/** Returns a type that can hold the values of all `types`. */
export async function commonType(session: SourceSession, types: readonly string[]): Promise<string> {
  const [type = 'VARCHAR'] = types;
  if (types.every((other) => other === type)) return type;
  const selects = types.map((each) => `SELECT NULL::${each} AS ${ident('value')}`);
  return (await describeSql(session, selects.join(' UNION ALL ')))[0]?.type ?? 'VARCHAR';
}

/**
 * Checks that a table can distinguish the columns.
 *
 * @param where the file or files to name in an error
 * @throws ToolError if two names are equal or differ only in case, or if a name contains NUL
 */
export function refuseDuplicates(where: string, names: readonly string[], what: 'column' | 'field'): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    if (name.includes('\0')) throw new ToolError(`${where}: a ${what} name contains a NUL character; rename it`);
    const before = seen.get(name.toLowerCase());
    if (before === name) throw new ToolError(`${where}: two ${what}s are named "${name}"; rename one of them`);
    if (before !== undefined)
      throw new ToolError(
        `${where}: two ${what} names differ from "${name}" only in upper and lower case; rename one of them`,
      );
    seen.set(name.toLowerCase(), name);
  }
}
