/**
 * Translates a regular expression from JavaScript's syntax, which JSON Schema uses, to that of RE2. Exact: each
 * character set is written out, because the two define `\s`, `.` and `\p{…}` differently. Pure.
 * @module
 */
import { RegExpParser, type AST } from '@eslint-community/regexpp';

/** A pattern that cannot be matched in linear time, or that is not a regular expression. */
export class PatternError extends Error {}

/** Code points from the first to the second. */
type Range = readonly [from: number, to: number];

const LAST = 0x10_ff_ff;
const ALL: readonly Range[] = [[0, LAST]];
const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x20_28, 0x20_29],
];
const SPACES: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x16_80, 0x16_80],
  [0x20_00, 0x20_0a],
  [0x20_28, 0x20_29],
  [0x20_2f, 0x20_2f],
  [0x20_5f, 0x20_5f],
  [0x30_00, 0x30_00],
  [0xfe_ff, 0xfe_ff],
];

/** RE2's limit, which bounds the size of the compiled pattern. */
const MOST_REPEATS = 1_000;

/** @throws PatternError that says what is wrong and what to write instead */
export function re2Syntax(pattern: string): string {
  return alternatives(parsed(pattern).alternatives);
}

function parsed(pattern: string): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2024 }).parsePattern(pattern, 0, pattern.length, { unicode: true });
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    throw new PatternError(`not a valid JavaScript regular expression: ${reason}`);
  }
}

function alternatives(list: readonly AST.Alternative[]): string {
  return list.map(({ elements }) => elements.map(element).join('')).join('|');
}

function element(node: AST.Element): string {
  switch (node.type) {
    case 'Group':
      return `(?:${alternatives(node.alternatives)})`;
    case 'CapturingGroup':
      return `(${groupName(node)}${alternatives(node.alternatives)})`;
    case 'Quantifier':
      return quantifier(node);
    case 'Assertion':
      return assertion(node);
    case 'Character':
      return set([[node.value, node.value]]);
    case 'CharacterSet':
      return set(rangesOf(node));
    case 'CharacterClass':
      return set(classRanges(node));
    case 'Backreference':
      throw unsupported(`the backreference ${node.raw}`, 'list what it may match');
    case 'ExpressionCharacterClass':
      throw unsupported(node.raw, 'list the characters');
  }
}

/** Names that RE2 does not allow are not kept. Nothing needs the numbers of groups. */
function groupName({ name }: AST.CapturingGroup): string {
  return name !== null && /^[A-Za-z_]\w*$/.test(name) ? `?P<${name}>` : '?:';
}

function quantifier({ element: repeated, min, max, raw }: AST.Quantifier): string {
  if (Math.max(min, max === Infinity ? 0 : max) > MOST_REPEATS)
    throw unsupported(
      `a repetition of over ${MOST_REPEATS} in "${raw}"`,
      'use * or +, and limit the length with minLength and maxLength',
    );
  // Several quantifiers must not follow each other, and RE2 would take a second `?` or `+` as part of the first.
  return `(?:${element(repeated)}){${min},${max === Infinity ? '' : max}}`;
}

function assertion(node: AST.Assertion): string {
  switch (node.kind) {
    case 'start':
      return '\\A';
    case 'end':
      return '\\z';
    case 'word':
      return node.negate ? '\\B' : '\\b';
    case 'lookahead':
    case 'lookbehind':
      throw unsupported(
        `the ${node.kind} ${node.raw}`,
        'split it into several patterns under allOf, with `not` for a negative one',
      );
  }
}

function unsupported(what: string, instead: string): PatternError {
  return new PatternError(
    `this pattern cannot be matched in linear time because of ${what}, so a caller could block the server with a short text; ${instead}`,
  );
}

function classRanges({ elements, negate }: AST.ClassRangesCharacterClass | AST.CharacterClass): readonly Range[] {
  const ranges = elements.flatMap((node): readonly Range[] => {
    switch (node.type) {
      case 'Character':
        return [[node.value, node.value]];
      case 'CharacterClassRange':
        return [[node.min.value, node.max.value]];
      case 'CharacterSet':
        return rangesOf(node);
      // Only with the flag `v`.
      case 'CharacterClass':
      case 'ClassStringDisjunction':
      case 'ExpressionCharacterClass':
        throw unsupported(node.raw, 'list the characters');
    }
  });
  return negate ? complement(ranges) : ranges;
}

function rangesOf(node: AST.CharacterSet): readonly Range[] {
  switch (node.kind) {
    case 'any':
      return complement(LINE_ENDS);
    case 'digit':
      return node.negate ? complement(DIGITS) : DIGITS;
    case 'space':
      return node.negate ? complement(SPACES) : SPACES;
    case 'word':
      return node.negate ? complement(WORD) : WORD;
    case 'property':
      return property(node.raw);
  }
}

const properties = new Map<string, readonly Range[]>();

/** Returns the characters with a Unicode property, such as `\p{L}`, as this JavaScript engine defines it. */
function property(raw: string): readonly Range[] {
  const known = properties.get(raw);
  if (known) return known;
  const matcher = new RegExp(`^${raw}$`, 'u');
  const ranges: [number, number][] = [];
  for (let point = 0; point <= LAST; point++) {
    if (!matcher.test(String.fromCodePoint(point))) continue;
    const last = ranges.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  properties.set(raw, ranges);
  return ranges;
}

function complement(ranges: readonly Range[]): Range[] {
  const outside: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    if (from > next) outside.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  return next > LAST ? outside : [...outside, [next, LAST]];
}

function set(ranges: readonly Range[]): string {
  if (ranges.length === 0) return `[^${written(ALL)}]`;
  return `[${written(ranges)}]`;
}

function written(ranges: readonly Range[]): string {
  return ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('');
}

function hex(point: number): string {
  return `\\x{${point.toString(16)}}`;
}
