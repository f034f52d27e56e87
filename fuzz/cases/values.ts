/** Hostile values. @module */
import fc from 'fast-check';
import { deep, live, long, many } from './markers.js';

/** Names that mean something to JavaScript, and names that only look odd. */
const names = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    '',
    ' ',
    '0',
  ),
  fc.constantFrom('text', 'numbers', 'any', 'code', 'list', 'day', 'mode', 'key', 'value', 'name', 'sure', 'polluted'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 4, arbitrary: live },
  { weight: 1, arbitrary: long },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      '\0',
      '../../etc/passwd',
      '%00',
      '\u202Eabc',
      '\uD800',
      'NaN',
      '-1',
      '1e309',
      "' OR 1=1 --",
      '${jndi:x}',
      'a\r\nset-cookie: x',
      `mcp-${'0'.repeat(32)}-${'0'.repeat(32)}`,
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
      '2026-02-30',
    ),
  },
);

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -1, 2 ** 53, 1e308, 5e-324),
);

/** Any JSON value; with markers. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null), deep, many),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
})).value;

/** Any object; with markers. */
export const object = fc.dictionary(names, json, { maxKeys: 5 });
