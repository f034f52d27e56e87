/** Determines columns and types with DuckDB. @module */
import { ident } from '../sql.js';
import type { Column, CsvDialect, JsonLayout } from './pins.js';
import type { SourceSession } from './session.js';

export interface DescribedFile {
  readonly columns: readonly Column[];
  readonly dialect?: CsvDialect;
  readonly layout?: JsonLayout;
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
