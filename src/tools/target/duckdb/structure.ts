/** Reads what a table in a DuckDB file has besides columns and rows, so that the table that replaces it can have the same. @module */
import { ToolError } from '../../../tool/errors.js';
import type { LoadTarget } from '../../load/types.js';
import type { Column } from '../../source/pins.js';
import { ident, literal } from '../../sql.js';
import type { Query } from './check.js';

/** What only exists after a table has its final name. Stored in the `swapped` table until the load is settled. */
export interface LateParts {
  /** Statements that create the indexes. */
  readonly indexes: readonly { readonly name: string; readonly sql: string; readonly comment: string | null }[];
  readonly comment: string | null;
  readonly columnComments: readonly { readonly column: string; readonly comment: string }[];
}

const where = (schema: string, table: string): string =>
  `database_name = current_database() AND lower(schema_name) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)})`;

/**
 * Returns the definitions of the new table's columns and constraints: with the defaults and constraints of the old one.
 *
 * @throws ToolError naming what the new table can't have
 */
export async function definitionsLike(
  query: Query,
  { schema, table }: LoadTarget,
  columns: readonly Column[],
): Promise<string[]> {
  const has = (name: string): boolean => columns.some((column) => column.name.toLowerCase() === name.toLowerCase());
  const old = await query(
    `SELECT column_name AS name, column_default AS value, is_nullable AS nullable FROM duckdb_columns() WHERE ${where(schema, table)}`,
  );
  const constraints = await query(
    `SELECT constraint_type AS type, constraint_text AS text, to_json(constraint_column_names)::VARCHAR AS columns
     FROM duckdb_constraints() WHERE ${where(schema, table)} AND constraint_type <> 'NOT NULL'`,
  );
  const [made] = await query(`SELECT sql FROM duckdb_tables() WHERE ${where(schema, table)}`);
  const losses = /\bGENERATED ALWAYS AS\b/i.test(String(made?.['sql'])) ? ['its computed columns'] : [];
  const kept: string[] = [];
  for (const { type, text, columns: names } of constraints) {
    const missing = (JSON.parse(String(names)) as string[]).filter((name) => !has(name));
    if (missing.length > 0) losses.push(`${String(text)} (column ${missing.map((name) => ident(name)).join(', ')})`);
    else if (type === 'FOREIGN KEY') losses.push(String(text));
    else kept.push(String(text));
  }
  if (losses.length > 0)
    throw new ToolError(
      `${schema}.${table} can't be replaced without losing ${losses.join(', ')}; load the columns that these need, or set \`keep\` to false to replace the table without its indexes, constraints, defaults and comments`,
    );
  const definitions = columns.map(({ name, type }) => {
    const like = old.find((column) => String(column['name']).toLowerCase() === name.toLowerCase());
    const value = like?.['value'];
    const defaults = typeof value === 'string' ? ` DEFAULT ${value}` : '';
    return `${ident(name)} ${type}${defaults}${like?.['nullable'] === false ? ' NOT NULL' : ''}`;
  });
  return [...definitions, ...kept];
}

/** @param comment the table's comment, if the table has another one for now */
export async function latePartsOf(
  query: Query,
  schema: string,
  table: string,
  comment?: string | null,
): Promise<LateParts> {
  const indexes = await query(
    `SELECT index_name AS name, sql, comment FROM duckdb_indexes() WHERE ${where(schema, table)}`,
  );
  const [own] = await query(`SELECT comment FROM duckdb_tables() WHERE ${where(schema, table)}`);
  const columns = await query(
    `SELECT column_name AS name, comment FROM duckdb_columns() WHERE ${where(schema, table)} AND comment IS NOT NULL`,
  );
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    indexes: indexes.map((row) => ({
      name: String(row['name']),
      sql: String(row['sql']),
      comment: text(row['comment']),
    })),
    comment: comment === undefined ? text(own?.['comment']) : comment,
    columnComments: columns.map((row) => ({ column: String(row['name']), comment: String(row['comment']) })),
  };
}

/** Creates the indexes of a table that has its final name. */
export async function createIndexes(query: Query, schema: string, { indexes }: LateParts): Promise<void> {
  for (const { name, sql, comment } of indexes) {
    try {
      await query(sql);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw new ToolError(
        `the new table can't have index ${ident(name)} of the old one: ${error.message}; change the source, or set \`keep\` to false to replace the table without its indexes, constraints, defaults and comments`,
      );
    }
    if (comment !== null) await query(`COMMENT ON INDEX ${ident(schema, name)} IS ${literal(comment)}`);
  }
}

/** Comments on those columns that the table has. */
export async function commentColumns(
  query: Query,
  name: string,
  { columnComments }: LateParts,
  columns: readonly Column[],
): Promise<void> {
  for (const { column, comment } of columnComments) {
    if (columns.some((each) => each.name.toLowerCase() === column.toLowerCase()))
      await query(`COMMENT ON COLUMN ${name}.${ident(column)} IS ${literal(comment)}`);
  }
}
