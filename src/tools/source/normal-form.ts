/**
 * Builds SQL for the normal form of a value's text. Two texts of one value have the same normal form, whichever program
 * wrote them, and texts of different values never do. So a source's text can be compared with what a database stores,
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
 * Returns SQL for a number's normal form: without an exponent, and without zeros before and after the digits. `1.50`,
 * `1.5` and `15e-1` all become `1.5`, and `0.5` becomes `.5`. The sign of zero is kept. NULL if the exponent is out of
 * range.
 *
 * @param text SQL for the text of a number without leading zeros or a plus sign
 */
export function numberForm(text: string, dialect: Dialect): string {
  // Most numbers have neither an exponent nor letters.
  const short = `CASE WHEN ${text} LIKE '%.%' THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
  const plain = `CASE WHEN ${text} LIKE '0.%' AND ${short} <> '0' THEN substr(${short}, 2) WHEN ${text} LIKE '-0.%' AND ${short} <> '-0' THEN '-' || substr(${short}, 3) ELSE ${short} END`;
  const letters = ['e', 'E', 'n', 'N'].map((letter) => `${text} LIKE '%${letter}%'`).join(' OR ');
  return `(CASE WHEN ${letters} THEN ${expanded(text, dialect)} ELSE ${plain} END)`;
}

/** Like {@link numberForm}, for any text of a number. */
export function anyNumberForm(text: string, dialect: Dialect): string {
  return expanded(text, dialect);
}

/** The largest exponent that is written out: that of the smallest DOUBLE, plus a margin. */
const LONGEST_EXPONENT = 400;

function expanded(text: string, { toInteger }: Dialect): string {
  const lower = `lower(${text})`;
  const unsigned = `ltrim(split_part(${lower}, 'e', 1), '+-')`;
  const fraction = `split_part(${unsigned}, '.', 2)`;
  const all = `replace(${unsigned}, '.', '')`;
  const kept = `rtrim(${all}, '0')`;
  const digits = `ltrim(${kept}, '0')`;
  const power = `split_part(${lower}, 'e', 2)`;
  const exponent = `CASE WHEN ${power} = '' THEN 0 ELSE ${toInteger(power)} END`;
  const shift = `(${exponent} - length(${fraction}) + length(${all}) - length(${kept}))`;
  const zeros = (count: string): string => `repeat('0', (${count})::integer)`;
  const finite = `CASE WHEN ${digits} = '' THEN '0'
    WHEN ${shift} NOT BETWEEN -${LONGEST_EXPONENT} AND ${LONGEST_EXPONENT} THEN NULL
    WHEN ${shift} >= 0 THEN ${digits} || ${zeros(shift)}
    WHEN length(${digits}) <= -${shift} THEN '.' || ${zeros(`-${shift} - length(${digits})`)} || ${digits}
    ELSE left(${digits}, (length(${digits}) + ${shift})::integer) || '.' || right(${digits}, (-${shift})::integer) END`;
  const sign = `CASE WHEN ${text} LIKE '-%' THEN '-' ELSE '' END`;
  return `(${sign} || CASE WHEN ${lower} LIKE '%n%' THEN left(ltrim(${lower}, '+-'), 3) ELSE ${finite} END)`;
}

/**
 * Returns DuckDB SQL for whether a DOUBLE or FLOAT holds exactly the number in a text. It compares only the digits: the
 * nearest DOUBLE is never ten times larger or smaller, so numbers with the same digits are the same number.
 *
 * @param text SQL for the text of a number
 */
export function isExactFloat(text: string, type = 'DOUBLE'): string {
  return `(${significant(text)} IS NOT DISTINCT FROM ${significant(`TRY_CAST(${text} AS ${type})::VARCHAR`)})`;
}

/** The digits without the zeros around them, or `inf` or `nan`. */
function significant(text: string): string {
  const lower = `lower(${text})`;
  const digits = `rtrim(ltrim(replace(split_part(${lower}, 'e', 1), '.', ''), '+-0'), '0')`;
  return `CASE WHEN ${text} ILIKE '%n%' THEN left(ltrim(${lower}, '+-'), 3) ELSE ${digits} END`;
}

/** The time zone in a text. */
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
