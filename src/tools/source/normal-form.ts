/**
 * Builds SQL for the normal form of a value's text. Two texts of one value have the same normal form, whichever program
 * wrote them, and texts of different values never do. This compares a source's text with what a database stores,
 * without trusting the conversion between them. Pure.
 * @module
 */

/** The functions in which DuckDB and PostgreSQL differ. */
export interface Dialect {
  /** Converts text to an integer. */
  readonly toInteger: (text: string) => string;
}

export const DUCKDB: Dialect = { toInteger: (text) => `TRY_CAST(${text} AS BIGINT)` };
export const POSTGRES: Dialect = { toInteger: (text) => `(${text})::bigint` };

/**
 * Returns SQL for a number's normal form: its digits without leading and trailing zeros, and an exponent. `-1.50`,
 * `-1.5` and `-15e-1` all become `-15e-1`. The sign of zero is kept. NULL if the exponent is out of range.
 *
 * @param text SQL for the text of a number, as any of the engines writes it
 */
export function numberForm(text: string, { toInteger }: Dialect): string {
  const lower = `lower(${text})`;
  const unsigned = `ltrim(split_part(${lower}, 'e', 1), '+-')`;
  const fraction = `split_part(${unsigned}, '.', 2)`;
  const digits = `replace(${unsigned}, '.', '')`;
  const kept = `rtrim(${digits}, '0')`;
  const power = `split_part(${lower}, 'e', 2)`;
  const exponent = `CASE WHEN ${power} = '' THEN 0 ELSE ${toInteger(power)} END`;
  const sign = `CASE WHEN ${text} LIKE '-%' THEN '-' ELSE '' END`;
  const shift = `(${exponent} - length(${fraction}) + length(${digits}) - length(${kept}))`;
  const finite = `CASE WHEN ${kept} = '' THEN '0' ELSE ltrim(${kept}, '0') || 'e' || ${shift} END`;
  return `(${sign} || CASE WHEN ${lower} LIKE '%n%' THEN left(ltrim(${lower}, '+-'), 3) ELSE ${finite} END)`;
}

/** What a text says about the time zone. */
export const ZONE = '(?:Z|[+]00(?::?00)?)$';

/**
 * Returns DuckDB SQL for the text that both engines print for a time or timestamp: without `T`, with seconds, without
 * trailing zeros, and with `+00` for UTC.
 *
 * @param text SQL for the text of a time or timestamp in ISO 8601
 */
export function momentForm(text: string, type: string): string {
  const zoned = type.endsWith('WITH TIME ZONE');
  const local = zoned ? `regexp_replace(${text}, '${ZONE}', '')` : text;
  const spaced = type === 'TIME' ? local : `replace(${local}, 'T', ' ')`;
  const shortest = type === 'TIME' ? 5 : 16;
  return `(CASE WHEN strlen(${spaced}) = ${shortest} THEN ${spaced} || ':00' WHEN contains(${spaced}, '.') THEN rtrim(rtrim(${spaced}, '0'), '.') ELSE ${spaced} END${zoned ? ` || '+00'` : ''})`;
}
