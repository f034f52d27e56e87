/** Lengths of time, as written in options and gateway files. @module */
import ms from 'ms';
import { McpTasksError } from './errors.js';

type Unit =
  | ('Years' | 'Year' | 'Yrs' | 'Yr' | 'Y' | 'Weeks' | 'Week' | 'W' | 'Days' | 'Day' | 'D')
  | ('Hours' | 'Hour' | 'Hrs' | 'Hr' | 'H' | 'Minutes' | 'Minute' | 'Mins' | 'Min' | 'M')
  | ('Seconds' | 'Second' | 'Secs' | 'Sec' | 's' | 'Milliseconds' | 'Millisecond' | 'Msecs' | 'Msec' | 'Ms');
type UnitInAnyCase = Unit | Uppercase<Unit> | Lowercase<Unit>;

/**
 * A length of time with its unit, such as `'30 seconds'`, `'5m'` or `'24h'`: the text that Temporal's own options
 * accept. Unlike Temporal's, it is never a bare number, which would mean milliseconds. For a computed length, write
 * `${count} ms`.
 */
export type Duration = `${number}${UnitInAnyCase}` | `${number} ${UnitInAnyCase}`;

/** Returns what is wrong with a duration, as a predicate: `needs a unit: write …`. */
export function durationProblem(value: unknown): string | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && number > 0) return `needs a unit: write ${withUnit(number)}`;
  const length = typeof value === 'string' ? parse(value) : undefined;
  if ((typeof number === 'number' && number <= 0) || (length !== undefined && length <= 0))
    return "must be greater than 0, such as '30 seconds'";
  return length === undefined ? "must be a duration such as '30 seconds', '5m' or '24h'" : undefined;
}

/**
 * Returns a duration in milliseconds.
 * @param option the name of the option that has the value
 * @throws McpTasksError `CONFIGURATION` if the value is not a duration greater than 0
 */
export function milliseconds(value: Duration, option: string): number {
  const problem = durationProblem(value);
  if (problem !== undefined) throw new McpTasksError('CONFIGURATION', `\`${option}\` ${problem}`);
  return parse(value) as number;
}

/** Temporal parses its durations with the same package. */
function parse(text: string): number | undefined {
  return text === '' ? undefined : ms(text as Duration);
}

/** A large number is probably meant as milliseconds; a small one may mean anything. */
function withUnit(number: number): string {
  return number < 1_000 ? `'${number} hours' or '${number} seconds', whichever you mean` : `'${number} ms'`;
}
