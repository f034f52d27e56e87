/** The patterns of JSON Schemas: they mean what JavaScript says, and match in linear time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearPattern, patternProblem } from '../../src/json-schema/pattern.js';

const part = fc.constantFrom(
  'a',
  'b',
  '.',
  '\\s',
  '\\S',
  '\\d',
  '\\W',
  '\\w',
  '[a-c]',
  '[^a\\s]',
  '\\u2028',
  'é',
  '😀',
  '[[:alpha:]',
  '\\p{Lu}',
  '[\\p{Script=Greek}-]',
  '[^]',
  '[]',
  '\\n',
  '\\/',
  '\\.',
  '\\x41',
  '\\u{1F600}',
);
const assertion = fc.constantFrom('^', '$', '\\b', '\\B');
const times = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?');
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(part, times).map(([text, repeated]) => text + repeated),
    assertion,
    fc.array(tie('pattern'), { maxLength: 3 }).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern'), times).map(([one, other, repeated]) => `(?:${one}|${other})${repeated}`),
    fc.tuple(tie('pattern'), times).map(([one, repeated]) => `(${one})${repeated}`),
  ),
}));
const text = fc.string({
  unit: fc.constantFrom(
    ...Array.from('abc \n\rA1_-./:['),
    '\u2028',
    '\ufeff',
    '\u00a0',
    'é',
    'Ω',
    '😀',
    '\ud83d',
    '\ude00',
  ),
  maxLength: 8,
});

/**
 * Returns whether the text matches, according to ECMAScript: a match begins at a whole character. V8 also finds
 * assertions such as `\B` between the two halves of a surrogate pair, unless it is told where to begin.
 */
function matches(source: string, value: string): boolean {
  const expression = new RegExp(source, 'uy');
  const beginsAt = (index: number): boolean => {
    expression.lastIndex = index;
    return expression.test(value);
  };
  let index = 0;
  for (const character of value) {
    if (beginsAt(index)) return true;
    index += character.length;
  }
  return beginsAt(index);
}

it('matches exactly what JavaScript matches', () => {
  fc.assert(
    fc.property(pattern, text, (source, value) => {
      expect(linearPattern(source).test(value)).toBe(matches(source, value));
    }),
    // V8 alone says otherwise here.
    { numRuns: 3_000, examples: [['\\B', 'a😀a']] },
  );
});

it.each([
  ['^(a+)+$', `${'a'.repeat(100_000)}!`],
  ['^(a|a)*$', `${'a'.repeat(100_000)}!`],
  ['\\s+$', `${' '.repeat(300_000)}x`],
  ['^(\\w+\\s?)*$', `${'word '.repeat(20_000)}!`],
  ['(.*a){12}$', `${'a'.repeat(100_000)}b`],
])('%s ends soon on a text on which JavaScript would take years or minutes', (source, value) => {
  expect(linearPattern(source).test(value)).toBe(false);
});

describe('a pattern that cannot be matched in linear time is refused, with what to write instead', () => {
  it.each([
    ['(a)\\1', 'the backreference \\1', 'list what it may match'],
    ['(?<n>a)\\k<n>', 'the backreference \\k<n>', 'list what it may match'],
    ['^(?=.*\\d).+$', 'the lookahead (?=.*\\d)', 'split it into several patterns under allOf'],
    ['(?<!a)b', 'the lookbehind (?<!a)', 'with `not` for a negative one'],
    ['^.{1,2000}$', 'a repetition of over 1000 in ".{1,2000}"', 'limit the length with minLength and maxLength'],
    ['^((a{100}){100})$', 'too large', 'repeat less'],
    ['(', 'not a valid JavaScript regular expression', 'Unterminated group'],
    ['a{2}{3}', 'not a valid JavaScript regular expression', 'Nothing to repeat'],
  ])('%s', (source, what, instead) => {
    expect(patternProblem(source)).toContain(what);
    expect(patternProblem(source)).toContain(instead);
  });
});
