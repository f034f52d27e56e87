/**
 * Fills in markers. Cases are small, and the same for each run with a seed, so a marker stands for anything that is huge
 * or exists only while the servers run. It is filled in when the case is sent.
 * @module
 */
import fc from 'fast-check';

/** What exists only while the servers run, all from or for `ann` except `foreign`. */
const LIVE = ['done', 'asking', 'waiting', 'foreign', 'cursor', 'state', 'taskState', 'session', 'question'] as const;
export type Live = Readonly<Record<(typeof LIVE)[number], string>>;

const EDITS = ['none', 'cut', 'flip', 'double', 'upper', 'space'] as const;
type Edit = (typeof EDITS)[number];

const nameOf = fc.constantFrom(...LIVE);

/** A live value, perhaps damaged at some place. */
export const live = fc
  .tuple(nameOf, fc.constantFrom<Edit>('none', ...EDITS), fc.nat(200))
  .map(([name, edit, at]) => `@@live:${name}:${edit}:${at}@@`);

export const liveOf = (name: keyof Live): string => `@@live:${name}:none:0@@`;

/** A text of many characters. */
export const long = fc.constantFrom(257, 5_000, 70_000, 1_000_000).map((length) => `@@long:${length}@@`);

/** A value nested deeply; a whole string of a JSON text. */
export const deep = fc.constantFrom(100, 250, 5_000, 100_000).map((levels) => `@@deep:${levels}@@`);

/** An array of many wrong or equal elements; a whole string of a JSON text. */
export const many = fc.constantFrom(11, 1_500, 200_000).map((length) => `@@many:${length}@@`);

/** Fills in the markers of a JSON text, where strings are escaped. */
export function fillJson(text: string, values: Live): string {
  return fillText(
    text
      .replaceAll(/"@@deep:(\d+)@@"/g, (_, levels) => '['.repeat(Number(levels)) + ']'.repeat(Number(levels)))
      .replaceAll(/"@@many:(\d+)@@"/g, (_, length) => `[${Array(Number(length)).fill('"x"').join(',')}]`),
    values,
    (value) => JSON.stringify(value).slice(1, -1),
  );
}

/** Fills in the markers of any other text. */
export function fillText(text: string, values: Live, escape = (value: string): string => value): string {
  return text
    .replaceAll(/@@live:(\w+):(\w+):(\d+)@@/g, (_, name, edit, at) =>
      escape(edited(values[name as keyof Live], edit as Edit, Number(at))),
    )
    .replaceAll(/@@(?:long|deep|many):(\d+)@@/g, (_, length) => 'x'.repeat(Number(length)));
}

function edited(value: string, edit: Edit, at: number): string {
  const place = value.length === 0 ? 0 : at % value.length;
  switch (edit) {
    case 'none':
      return value;
    case 'cut':
      return value.slice(0, place);
    case 'flip':
      return `${value.slice(0, place)}${value[place] === 'A' ? 'B' : 'A'}${value.slice(place + 1)}`;
    case 'double':
      return `${value}${value.slice(place)}`;
    case 'upper':
      return value.toUpperCase();
    case 'space':
      return ` ${value}`;
  }
}
