/** Builds the SQL of a filter, from quoted names and checked values only. Pure. @module */
import { ToolError } from '../../tool/errors.js';
import { ident, literal } from '../sql.js';
import type { Column } from './pins.js';
import { typeKind } from './type-kind.js';
import type { Condition, Where } from './where.js';

/** Whole digits and digits after the point that DuckDB can compare exactly with any number. */
const NUMBER = /^-?\d{1,28}(?:\.\d{1,10})?$/;
const FLOAT = /^-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;

/**
 * Returns DuckDB SQL that is true for the rows to use.
 *
 * @param columns all columns that the conditions use. The rows may have them with their types or as text
 * @throws ToolError if a value can't be compared with its column
 */
export function whereSql(where: Where, columns: readonly Column[]): string {
  const each = where.map((entry) =>
    'any' in entry
      ? `(${entry.any.map((one) => conditionSql(one, columns)).join(' OR ')})`
      : conditionSql(entry, columns),
  );
  return each.join(' AND ') || 'true';
}

function conditionSql(condition: Condition, columns: readonly Column[]): string {
  const column = columns.find(({ name }) => name === condition.column);
  if (column === undefined) throw new Error(`the filter's column ${condition.column} is not pinned`);
  const stored = ident(column.name);
  if (condition.is === 'null') return `${stored} IS NULL`;
  if (condition.is === 'not null') return `${stored} IS NOT NULL`;
  const typed = `(${stored}::${column.type})`;
  const values = (condition.values ?? [condition.value!]).map((value) => valueSql(column, value));
  const [first = ''] = values;
  if (condition.is === 'in' || condition.is === 'not in')
    return `${typed} ${condition.is === 'in' ? 'IN' : 'NOT IN'} (${values.join(', ')})`;
  if (condition.is === 'contains') return `contains(${textOnly(column, typed)}, ${first})`;
  if (condition.is === 'starts with') return `starts_with(${textOnly(column, typed)}, ${first})`;
  return `${typed} ${condition.is} ${first}`;
}

function textOnly(column: Column, typed: string): string {
  if (typeKind(column.type) === 'text') return typed;
  throw new ToolError(
    `where: column "${column.name}" has the type ${column.type}, which "contains" and "starts with" can't search; choose VARCHAR for it with \`types\``,
  );
}

function valueSql(column: Column, value: string | number | boolean): string {
  const kind = typeKind(column.type);
  const text = String(value);
  const refused = (why: string): ToolError =>
    new ToolError(`where: ${JSON.stringify(value)} for column "${column.name}": ${why}`);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && kind !== 'float')
    throw refused('write an integer of more than 15 digits as text, such as "12345678901234567890"');
  if (kind === 'integer' || kind === 'decimal' || kind === 'float') {
    if (typeof value !== 'boolean' && (kind === 'float' ? FLOAT : NUMBER).test(text)) return `(${text})`;
    throw refused(`not a number that can be compared with the type ${column.type}`);
  }
  if (kind === 'boolean') {
    if (text === 'true' || text === 'false') return text;
    throw refused('the type is BOOLEAN, so the value must be true or false');
  }
  if (typeof value !== 'string') throw refused(`the type is ${column.type}, so the value must be text`);
  if (kind === 'text') return literal(text);
  if (COMPARABLE.has(kind)) return `${literal(text)}::${column.type}`;
  throw refused(`values of the type ${column.type} can't be compared; use "null" or "not null"`);
}

const COMPARABLE: ReadonlySet<string> = new Set(['date', 'time', 'timestamp', 'timestamp_ns', 'uuid']);
