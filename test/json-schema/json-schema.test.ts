/** Values from callers, validated by JSON Schemas in linear time. */
import { Validator, type Schema } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema, type JsonSchema } from '../../src/json-schema/json-schema.js';

/** Returns each problem as `path: message`. */
function problems(schema: JsonSchema, value: unknown): string[] {
  return compileSchema(schema)(value).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('decides like the library whose reading of the keywords it shares', () => {
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, 0, 1, 2, 2.5, -1, '', 'a', 'ab', 'abc', '1', '2020-01-01'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'ab', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  const few = fc.integer({ min: 0, max: 3 });
  const schema = fc.letrec<{ schema: JsonSchema | boolean }>((tie) => {
    const nested = tie('schema');
    const several = fc.array(nested, { minLength: 1, maxLength: 3 });
    const names = fc.dictionary(fc.constantFrom('a', 'b', 'ab'), nested, { maxKeys: 2 });
    const keywords = {
      type: fc.constantFrom('string', 'number', 'integer', 'array', 'object', 'boolean', 'null'),
      enum: fc.array(value, { maxLength: 3 }),
      const: value.filter((given) => given !== null),
      minimum: few,
      exclusiveMaximum: few,
      multipleOf: fc.constantFrom(1, 2, 0.5),
      minLength: few,
      maxLength: few,
      pattern: fc.constantFrom('^a', 'b$', '[0-9]'),
      format: fc.constantFrom('date', 'email', 'unknown'),
      minItems: few,
      maxItems: few,
      uniqueItems: fc.boolean(),
      minProperties: few,
      maxProperties: few,
      required: fc.constantFrom(['a'], ['a', 'b']),
      properties: names,
      patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), nested, { maxKeys: 2 }),
      additionalProperties: nested,
      propertyNames: nested,
      dependentSchemas: names,
      dependentRequired: fc.constant({ a: ['b'] }),
      items: nested,
      prefixItems: several,
      contains: nested,
      unevaluatedItems: nested,
      allOf: several,
      anyOf: several,
      oneOf: several,
      not: nested,
      if: nested,
      else: nested,
      $ref: fc.constant('#/$defs/one'),
    };
    return {
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.boolean(),
        fc.record(keywords, { requiredKeys: [] }).map((all) => sample(all)),
      ),
    };
  }).schema;

  // All keywords at once would fit nothing.
  function sample(all: JsonSchema): JsonSchema {
    return Object.fromEntries(Object.entries(all).filter((_, index) => index % 7 === Object.keys(all).length % 7));
  }

  it.each(['https://json-schema.org/draft/2020-12/schema', 'http://json-schema.org/draft-07/schema#'])(
    '%s',
    ($schema) => {
      const draft = $schema.includes('draft-07') ? '7' : '2020-12';
      fc.assert(
        fc.property(schema, value, (given, content) => {
          const whole = { $schema, $defs: { one: { type: ['string', 'object'] } }, allOf: [given] };
          const theirs = new Validator(structuredClone(whole) as unknown as Schema, draft).validate(content).valid;
          expect(problems(structuredClone(whole), content).length === 0).toBe(theirs);
        }),
        { numRuns: 3_000 },
      );
    },
  );

  it.each([
    [
      'unevaluatedProperties',
      { properties: { a: {} }, allOf: [{ properties: { b: {} } }], unevaluatedProperties: false },
    ],
    [
      'of an object within',
      { properties: { c: { allOf: [{ properties: { b: {} } }], unevaluatedProperties: false } } },
    ],
  ])('%s', (_, given) => {
    expect(problems(given, { a: 1, c: { b: 1 }, b: 1 }).length).toBe(_ === 'unevaluatedProperties' ? 1 : 0);
    expect(problems(given, { c: { b: 1, d: 1 } })).toHaveLength(1);
  });
});

describe('a value’s size', () => {
  /** Counts how often the parts of an array's objects are looked at. */
  function counted(length: number): { items: object[]; looks: () => number } {
    let looks = 0;
    const items = Array.from({ length }, (_, i) => ({
      get id() {
        looks++;
        return i;
      },
    }));
    return { items, looks: () => looks };
  }

  it('is checked before anything else', () => {
    const { items, looks } = counted(1_000);
    const schema = {
      type: 'array',
      maxItems: 10,
      uniqueItems: true,
      items: { properties: { id: { type: 'string' } } },
    };
    expect(problems(schema, items)).toEqual([': Array has too many items (1000 > 10)']);
    const before = looks();
    // Only the depth of the value is measured first.
    expect(before).toBeLessThanOrEqual(1_000);
    expect(problems({ maxLength: 5, pattern: '^(a+)+$' }, `${'a'.repeat(30)}!`)).toEqual([
      ': String is too long (31 > 5)',
    ]);
  });

  it('determines the time that uniqueItems takes, and not its square', () => {
    const { items, looks } = counted(2_000);
    expect(problems({ uniqueItems: true }, items)).toEqual([]);
    expect(looks()).toBeLessThan(10 * 2_000);
    expect(problems({ uniqueItems: true }, [...items, { id: 7 }])).toEqual([': Duplicate items at indexes 7 and 2000']);
    expect(problems({ uniqueItems: true }, [1, '1', [1], ['1'], { a: 1, b: 2 }, true, null])).toEqual([]);
    expect(
      problems({ uniqueItems: true }, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).toHaveLength(1);
  });

  it('does not matter for a recursive schema with alternatives', () => {
    const more = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } };
    const node = {
      anyOf: [
        { ...more, required: ['a'] },
        { ...more, required: ['b'] },
      ],
    };
    const chain = Array.from({ length: 60 }).reduce<object>((next) => ({ next }), {});
    expect(problems({ $ref: '#/$defs/node', $defs: { node } }, chain).length).toBeGreaterThan(0);
  });

  it('is limited in depth', () => {
    const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], []);
    expect(problems({ items: { $ref: '#' } }, deep)).toEqual([': is nested more than 500 levels deep']);
    expect(problems({ const: 1 }, deep)).toEqual([': is nested more than 500 levels deep']);
  });

  it('is limited for texts with a format', () => {
    expect(problems({ format: 'uri' }, `https://a.example/${'a'.repeat(9_000)}`)).toEqual([
      ': String is too long for format "uri" (9018 > 8192 characters)',
    ]);
    expect(problems({ format: 'url' }, `http://${'a'.repeat(60)}`)).toEqual([': String does not match format "url"']);
    expect(problems({ format: 'url' }, 'https://example.com/a')).toEqual([]);
    expect(problems({ format: 'url' }, 'http://10.0.0.1/')).toHaveLength(1);
  });
});

it('ends after the first problems', () => {
  let looks = 0;
  const items = new Proxy(
    Array.from({ length: 100_000 }, () => 1),
    {
      get(array, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
        return Reflect.get(array, key, receiver) as unknown;
      },
    },
  );
  expect(problems({ items: { type: 'string' } }, items)).toHaveLength(11);
  // The depth of the value is measured first.
  expect(looks).toBeLessThan(100_100);
  const names = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, 1]));
  for (const schema of [
    { additionalProperties: false },
    { propertyNames: { maxLength: 1 } },
    { patternProperties: { n: false } },
  ])
    expect(problems(schema, names)).toHaveLength(11);
});
