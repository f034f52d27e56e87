/** Quotes names and values in SQL for DuckDB and PostgreSQL. Pure. @module */

/** Returns a quoted identifier; several parts are joined with dots. */
export function ident(...parts: readonly string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** Returns a string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Escapes a path as a glob that matches only that path, because DuckDB's readers treat every path as a glob. */
export function globLiteral(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** Returns the string literal that makes a DuckDB reader read exactly this file. */
export function fileLiteral(path: string): string {
  return literal(globLiteral(path));
}

/**
 * Returns DuckDB SQL for texts that are not NULL, joined. A chain of `||` would be nested as deeply as a table has
 * columns, and DuckDB refuses more than 1000 levels.
 */
export function joined(texts: readonly string[], separator: string): string {
  return `concat_ws(${literal(separator)}, ${texts.join(', ')})`;
}

/** Returns a DuckDB struct literal such as `{'a': 'BIGINT'}`, the form of its readers' `columns` option. */
export function structLiteral(fields: readonly (readonly [name: string, value: string])[]): string {
  return `{${fields.map(([name, value]) => `${literal(name)}: ${literal(value)}`).join(', ')}}`;
}
