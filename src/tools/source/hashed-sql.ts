/** Builds the SQL that selects what {@link RowHashes} hashes. Pure. @module */
import { ident, literal } from '../sql.js';
import { chosenTypesSql, textForm, valueForm } from './canonical.js';
import { isExactFloat } from './normal-form.js';
import type { Column } from './pins.js';
import type { HashKind } from './row-hash.js';
import { typeKind } from './type-kind.js';

/** Integers that a BIGINT holds. */
const LONG = new Set(['TINYINT', 'UTINYINT', 'SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT']);

/**
 * Returns how a column's values are hashed, in the source and in the database.
 *
 * @param exact see {@link SourcePins.exact}: integers are then compared as text, because they are text in the source
 */
export function hashKind({ type }: Column, exact: boolean): HashKind {
  if (typeKind(type) === 'float') return 'float';
  return LONG.has(type) && !exact ? 'integer' : 'text';
}

/** Returns DuckDB SQL that selects the values to hash from `from`, whose columns have their types. */
export function hashedSql(columns: readonly Column[], from: string): string {
  return select(
    columns.map((column) => typedValue(column, false)),
    from,
  );
}

/**
 * Returns DuckDB SQL like that of {@link hashedSql} for a source of text, from the text itself.
 *
 * @param chosen the columns whose types the caller chose: the value of that type counts, instead of the text
 * @param from reads every column as text
 */
export function hashedTextSql(columns: readonly Column[], chosen: readonly string[], from: string): string {
  const values = columns.map((column) => (chosen.includes(column.name) ? typedValue(column, true) : textValue(column)));
  return select(values, `(${chosenTypesSql(columns, chosen, from)})`);
}

function select(values: readonly string[], from: string): string {
  return `SELECT ${values.join(', ')} FROM ${from}`;
}

function typedValue(column: Column, exact: boolean): string {
  const kind = hashKind(column, exact);
  if (kind === 'text') return `(${valueForm(column, exact)})::VARCHAR`;
  return `${ident(column.name)}::${kind === 'integer' ? 'BIGINT' : 'DOUBLE'}`;
}

function textValue(column: Column): string {
  return hashKind(column, true) === 'float' ? exactFloat(column) : `(${textForm(column)})::VARCHAR`;
}

/** The number in a text. Fails if the type does not hold exactly that number, so that it never counts as another one. */
function exactFloat({ name, type }: Column): string {
  const text = ident(name);
  const number = `TRY_CAST(${text} AS ${type})`;
  const refused = literal(
    `column ${text} has a number that is not exactly a ${type}; choose its type with "types", such as VARCHAR or DECIMAL`,
  );
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN ${text} = ${number}::VARCHAR OR ${isExactFloat(text, type)} THEN ${number}::DOUBLE ELSE error(${refused}) END`;
}
