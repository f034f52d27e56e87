/** Writes limits for people to read, in `docs/limits.md` and in errors. Pure. @module */
import { number } from './limits.js';

const UNITS = { MiB: 2 ** 20, GB: 1_000_000_000, MB: 1_000_000 } as const;

/** Returns a limit, as in "the limit is 4 MiB (4,194,304 bytes)". */
export function amount(value: number, unit: 'bytes' | undefined): string {
  return unit ? bytes(value) : number(value);
}

/** Returns a number of bytes, in a larger unit as well if that is a whole number: `4 MiB (4,194,304 bytes)`. */
export function bytes(value: number): string {
  const exact = `${number(value)} bytes`;
  const unit = Object.entries(UNITS).find(([, size]) => value >= size && value % size === 0);
  return unit ? `${number(value / unit[1])} ${unit[0]} (${exact})` : exact;
}

/** Returns a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [head, head.map(() => '---'), ...rows].map(line).join('');
}
