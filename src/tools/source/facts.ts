/**
 * Decides a column's type from its text. A type is used only if the text of every value can be recovered from the
 * value, so that nothing changes. Long integers become HUGEINT, and long decimals DECIMAL instead of DOUBLE. Text that
 * only looks like a number, such as `007`, `+49` and `2E10`, stays VARCHAR. Pure.
 * @module
 */
import { isExactFloat, momentForm, ZONE } from './normal-form.js';

/** Counts of a column's values by the form of their text. {@link combined} combines the facts of several files. */
export interface Facts {
  /** Values that are not NULL. */
  readonly values: number;
  /** JSON: values by kind. */
  readonly numbers?: number;
  readonly strings?: number;
  readonly booleans?: number;
  /** Integers, as BIGINT prints them. */
  readonly bigints?: number;
  /** Numbers with a point or an exponent. */
  readonly fractions?: number;
  /** Numbers that a DOUBLE holds unchanged. */
  readonly doubles?: number;
  readonly trues?: number;
  readonly dates?: number;
  readonly times?: number;
  readonly timestamps?: number;
  readonly zoned?: number;
}

/** Whether a number's notation matters. In CSV the value may be text; in JSON the syntax identifies numbers. */
export type Writing = 'counts' | 'ignored';

export function combined(all: readonly Facts[]): Facts {
  const sum: Record<string, number> = {};
  for (const facts of all)
    for (const [name, count] of Object.entries(facts)) sum[name] = (sum[name] ?? 0) + Number(count);
  return sum as unknown as Facts;
}

const WHOLE = '(?:0|[1-9][0-9]*)';
const INTEGER = `-?${WHOLE}`;
/**
 * No leading zeros or plus sign, no trailing zeros except in `1.0`, and an exponent only if it cannot be part of a
 * name.
 */
const PLAIN = `-?(?:${WHOLE}(?:[.](?:0|[0-9]*[1-9]))?|[.][0-9]*[1-9])`;
const SCIENTIFIC = `-?${WHOLE}(?:[.][0-9]+[eE][+-]?|[eE][+-])[0-9]+`;
const SPECIAL = '-?(?:inf|Inf|INF|infinity|Infinity)|NaN|nan';
/** A number without an exponent, as a DECIMAL prints it. */
const DECIMAL = `-?(?:${WHOLE})?(?:[.][0-9]+)?`;
const NEGATIVE_ZERO = '-[0.]+';

/** A DOUBLE holds every integer with up to this many digits. */
const SAFE_DIGITS = 15;

const TIMESTAMP = '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,6})?)?';

type Expressions = Readonly<Record<string, string>>;

/** Returns DuckDB SQL for the facts of a column of numbers. */
export function numberFacts(text: string, writing: Writing): Expressions {
  const bigint = `TRY_CAST(${text} AS BIGINT)`;
  const double = `TRY_CAST(${text} AS DOUBLE)::VARCHAR`;
  const equal = isExactFloat(text);
  // CASE, because DuckDB would evaluate an AND in full for every value.
  const exact =
    writing === 'counts'
      ? `CASE WHEN regexp_full_match(${text}, '${PLAIN}|${SCIENTIFIC}|${SPECIAL}') THEN ${equal} ELSE false END`
      : equal;
  const isInteger = `regexp_full_match(${text}, '${INTEGER}')`;
  // The last comparison is the slowest, so ordinary numbers are decided before it.
  const isDouble = `CASE WHEN ${text} IS NULL THEN false WHEN strlen(${text}) <= ${SAFE_DIGITS} AND ${isInteger} THEN true
    WHEN ${double} = ${text} THEN true ELSE ${exact} END`;
  return {
    bigints: `count_if(${bigint}::VARCHAR = ${text})`,
    fractions: `count_if(${['.', 'e', 'E', 'n', 'N'].map((part) => `contains(${text}, '${part}')`).join(' OR ')})`,
    doubles: `count_if(${isDouble})`,
  };
}

/** Returns DuckDB SQL for the facts of a column of dates and times. */
export function momentFacts(text: string): Expressions {
  const moment = (type: string, pattern: string, form: string, lengths: string): string =>
    `count_if(CASE WHEN strlen(${text}) NOT BETWEEN ${lengths} THEN false WHEN regexp_full_match(${text}, '${pattern}') THEN TRY_CAST(${text} AS ${type})::VARCHAR = ${form} ELSE false END)`;
  const zoned = 'TIMESTAMP WITH TIME ZONE';
  return {
    dates: moment('DATE', '[0-9]{4}-[0-9]{2}-[0-9]{2}', text, '10 AND 10'),
    times: moment('TIME', '[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?', momentForm(text, 'TIME'), '8 AND 15'),
    timestamps: moment('TIMESTAMP', TIMESTAMP, momentForm(text, 'TIMESTAMP'), '16 AND 26'),
    zoned: moment(zoned, `${TIMESTAMP}${ZONE}`, momentForm(text, zoned), '17 AND 32'),
  };
}

/** Returns DuckDB SQL for the fact of a column of booleans. */
export function booleanFacts(text: string): Expressions {
  return { trues: `count_if(lower(${text}) IN ('true', 'false'))` };
}

/** Returns the type of a column of numbers, or undefined if that depends on {@link widths}. */
export function simpleNumberType({ values, bigints, fractions, doubles }: Facts): string | undefined {
  if (bigints === values) return 'BIGINT';
  return doubles === values && fractions !== 0 ? 'DOUBLE' : undefined;
}

/** Returns the type of dates and times that all values have, or undefined. */
export function momentType({ values, dates, times, timestamps, zoned }: Facts): string | undefined {
  if (dates === values) return 'DATE';
  if (times === values) return 'TIME';
  if (timestamps === values) return 'TIMESTAMP';
  return zoned === values ? 'TIMESTAMP WITH TIME ZONE' : undefined;
}

/** The digit counts of a column's numbers. */
export interface Widths {
  /** Values that are integers, and the maximum digits of one. */
  readonly integers: number;
  readonly longest: number;
  /** Values without an exponent, and the maximum digits before and after the point. */
  readonly decimals: number;
  readonly whole: number;
  readonly scale: number;
  /** The fewest digits after a point, and how many values have trailing zeros there. */
  readonly leastScale: number;
  readonly padded: number;
}

/** Returns DuckDB SQL for {@link Widths}. */
export function widths(text: string, writing: Writing): Record<keyof Widths, string> {
  const fraction = `split_part(${text}, '.', 2)`;
  const digits = writing === 'counts' ? fraction : `rtrim(${fraction}, '0')`;
  const isDecimal = `regexp_full_match(${text}, '${DECIMAL}') AND NOT regexp_full_match(${text}, '${NEGATIVE_ZERO}|')`;
  const isInteger = `regexp_full_match(${text}, '${INTEGER}') AND ${text} <> '-0'`;
  return {
    integers: `count_if(${isInteger})`,
    longest: `coalesce(max(strlen(ltrim(${text}, '-'))) FILTER (${isInteger}), 0)`,
    decimals: `count_if(${isDecimal})`,
    whole: `coalesce(max(strlen(ltrim(split_part(${text}, '.', 1), '-0'))) FILTER (${isDecimal}), 0)`,
    scale: `coalesce(max(strlen(${digits})) FILTER (${isDecimal}), 0)`,
    leastScale: `coalesce(min(strlen(${digits})) FILTER (${isDecimal} AND ${digits} <> ''), 0)`,
    padded: `count_if(${isDecimal} AND ${digits} LIKE '%0')`,
  };
}

export function combinedWidths(all: readonly Widths[]): Widths {
  const pick = (name: keyof Widths): number[] => all.map((each) => each[name]);
  const sum = (name: keyof Widths): number => pick(name).reduce((a, b) => a + b, 0);
  const most = (name: keyof Widths): number => Math.max(0, ...pick(name));
  return {
    integers: sum('integers'),
    longest: most('longest'),
    decimals: sum('decimals'),
    whole: most('whole'),
    scale: most('scale'),
    leastScale: Math.min(...pick('leastScale').filter((scale) => scale > 0)),
    padded: sum('padded'),
  };
}

/** The maximum digits of a DECIMAL, and of an integer that is not stored as text: Parquet has no longer ones. */
const MOST_DIGITS = 38;

/**
 * Returns the type of a column of numbers that are not all of a {@link simpleNumberType}, or undefined if no type holds
 * them all.
 *
 * @param writing if the notation matters, `1.10` and `1.1` in one column are text, because as numbers they would be
 * equal
 */
export function wideNumberType({ values, doubles }: Facts, found: Widths): string | undefined {
  if (found.integers === values) return found.longest <= MOST_DIGITS ? 'HUGEINT' : undefined;
  if (doubles === values) return 'DOUBLE';
  const { whole, scale, leastScale, padded } = found;
  const width = Math.max(1, whole) + scale;
  if (found.decimals !== values || width > MOST_DIGITS) return undefined;
  if (padded > 0 && leastScale !== scale) return undefined;
  return `DECIMAL(${width},${scale})`;
}
