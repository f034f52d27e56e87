/** A call's arguments become arguments of a program, never more than that. */
import { describe, expect, it } from 'vitest';
import { argvOf, namesIn } from '../../src/command/arguments.js';
import type { CommandLine } from '../../src/command/spec.js';

const argv = (line: CommandLine, values: Record<string, unknown> = {}) => argvOf(line, values);

describe('a text', () => {
  it.each([
    [
      'is one argument, whatever it contains',
      ['run', '{file}'],
      { file: 'a b; rm -rf $HOME "\'`' },
      ['a b; rm -rf $HOME "\'`'],
    ],
    ['fills in a part', ['run', '--select={select}'], { select: 'a' }, ['--select=a']],
    ['fills in several parts', ['run', '{a}:{b}'], { a: 1, b: true }, ['1:true']],
    [
      'keeps what is not a placeholder',
      ['run', '{{name}}', '{}', '{{.Names}}', '%{1}'],
      { name: 'x' },
      ['{name}', '{}', '{{.Names}}', '%{1}'],
    ],
    ['disappears without its argument', ['run', '{a}', '--b={b}', 'c'], { a: null }, ['c']],
    ['becomes several arguments if it is a list', ['run', '{files}', 'end'], { files: ['a', 2] }, ['a', '2', 'end']],
    ['becomes none if the list is empty', ['run', '{files}'], { files: [] }, []],
    ['may be empty', ['run', '{a}'], { a: '' }, ['']],
    ['does not fill in what it filled in', ['run', '{a}'], { a: '{b}', b: 'x' }, ['{b}']],
    ['knows only own properties', ['run', '{constructor}'], {}, []],
  ] satisfies [string, CommandLine, Record<string, unknown>, string[]][])('%s', (_, line, values, expected) => {
    expect(argv(line, values)).toEqual(['run', ...expected]);
  });
});

it('a group disappears as a whole', () => {
  const line: CommandLine = ['run', ['--select', '{select}'], ['--vars', '{a}', '{b}']];
  expect(argv(line, { select: 'x', a: 1 })).toEqual(['run', '--select', 'x']);
  expect(argv(line, { a: 1, b: 2 })).toEqual(['run', '--vars', '1', '2']);
});

it('an entry with a condition is there only if its argument is true', () => {
  const line: CommandLine = ['run', { if: 'full', add: ['--full', '{level}'] }];
  expect(argv(line, { full: true, level: 3 })).toEqual(['run', '--full', '3']);
  expect(argv(line, { full: true })).toEqual(['run']);
  expect(argv(line, { full: 'true', level: 3 })).toEqual(['run']);
});

describe('a value that starts with "-"', () => {
  it.each([
    ['a text', ['run', '{a}'], '--output=/etc/passwd'],
    ['a number', ['run', '{a}'], -9],
    ['an element of a list', ['run', '{a}'], ['x', '-rf']],
    ['the beginning of a text', ['run', '{a}.sql'], '-x'],
    ['a part of a group', ['run', ['--select', '{a}']], '-x'],
  ] satisfies [string, CommandLine, unknown][])('is refused in %s', (_, line, a) => {
    expect(() => argv(line, { a })).toThrow('"a" must not start with "-"');
  });

  it('is accepted after a beginning that the command line fixes', () => {
    expect(argv(['run', '--offset={a}', './{a}'], { a: '-1' })).toEqual(['run', '--offset=-1', './-1']);
  });

  it('is accepted where the command line allows it', () => {
    expect(argv(['run', { value: '{a}', allowDash: true }], { a: '-1' })).toEqual(['run', '-1']);
  });
});

it.each([
  ['NUL', 'a\0b', 'must not contain the character NUL'],
  ['an object', { b: 1 }, 'must be a text'],
  ['a list within a text', ['x'], 'can only fill a whole entry'],
])('refuses %s', (_, a, message) => {
  expect(() => argv(['run', 'x{a}'], { a })).toThrow(message);
});

it('lists the arguments that a command line names', () => {
  expect(
    namesIn(['run', '{a}', ['--b={b}', '{a}'], { if: 'c', add: '{d}' }, { value: '{e}', allowDash: true }]),
  ).toEqual(['a', 'b', 'c', 'd', 'e']);
});
