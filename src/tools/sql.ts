/** Quoting, the same in DuckDB and PostgreSQL. Pure. @module */

/** A quoted identifier. */
export function ident(...parts: readonly string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** A string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a glob that matches it alone: DuckDB's readers take every path for a glob. */
export function globLiteral(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** The string literal by which one of DuckDB's readers reads this file and no other. */
export function fileLiteral(path: string): string {
  return literal(globLiteral(path));
}

/** A DuckDB struct literal, as its readers take options: `{'a': 'BIGINT'}`. */
export function structLiteral(fields: readonly (readonly [name: string, value: string])[]): string {
  return `{${fields.map(([name, value]) => `${literal(name)}: ${literal(value)}`).join(', ')}}`;
}
