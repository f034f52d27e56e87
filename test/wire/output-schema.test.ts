/** Listed output schemas, checked with a JSON Schema validator. */
import { Validator } from '@cfworker/json-schema';
import { describe, expect, it } from 'vitest';
import { describesObjects, either, underResult } from '../../src/protocol/output-schema.js';
import type { JsonSchema } from '../../src/tool/json-schema.js';

const $schema = 'https://json-schema.org/draft/2020-12/schema';
const number: JsonSchema = {
  type: 'object',
  properties: { n: { type: 'number' } },
  required: ['n'],
  additionalProperties: false,
};
const list: JsonSchema = {
  $schema,
  type: 'object',
  properties: { value: {}, next: { $ref: '#' } },
  required: ['value'],
  additionalProperties: false,
};
const named: JsonSchema = {
  $schema,
  $defs: { name: { type: 'string', minLength: 2 } },
  type: 'array',
  items: { $ref: '#/$defs/name' },
};
const identified: JsonSchema = { $id: 'https://example.com/a', $defs: { a: { const: 'a' } }, $ref: '#/$defs/a' };

const fits = (schema: JsonSchema, value: unknown): boolean => new Validator(schema, '2020-12').validate(value).valid;

describe('either', () => {
  it.each([
    ['of objects', list, { value: 1, next: { value: 2 } }, { value: 1, next: { nothing: 2 } }],
    ['with definitions', named, ['ab', 'cd'], ['ab', 'c']],
    ['with an ID', identified, 'a', 'b'],
  ])('accepts what matches one of the two schemas, and nothing else: %s', (_, schema, good, bad) => {
    for (const both of [either(schema, number), either(number, schema)]) {
      expect([fits(both, good), fits(both, { n: 1 }), fits(both, bad), fits(both, { n: 'x' })]).toEqual([
        true,
        true,
        false,
        false,
      ]);
    }
  });

  it('describes objects if both schemas do, and names the dialect at its root', () => {
    expect(either(list, number)).toMatchObject({ $schema, type: 'object' });
    expect(either(named, number)).not.toHaveProperty('type');
    expect(JSON.stringify(either(list, number)).match(/\$schema/g)).toHaveLength(1);
  });
});

it('a schema that is not of objects moves under `result`, with its references', () => {
  const under = underResult(named);
  expect(under).toMatchObject({ $schema, type: 'object', required: ['result'] });
  expect([fits(under, { result: ['ab'] }), fits(under, { result: ['a'] }), fits(under, ['ab'])]).toEqual([
    true,
    false,
    false,
  ]);
});

it.each([
  [{ type: 'object' }, true],
  [{ oneOf: [{ type: 'object' }, { anyOf: [{ type: 'object' }] }] }, true],
  [{ anyOf: [{ type: 'object' }, { type: 'string' }] }, false],
  [{ $ref: '#/$defs/a', $defs: { a: { type: 'object' } } }, true],
  [
    { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }], $defs: { a: { type: 'object' }, b: { type: 'array' } } },
    false,
  ],
  [{ type: 'string' }, false],
  [{ type: ['object', 'null'] }, false],
  [{}, false],
])('%j describes objects: %s', (schema, expected) => {
  expect(describesObjects(schema)).toBe(expected);
});
