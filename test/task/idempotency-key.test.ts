/** Idempotency keys, mostly as tables of cases. */
import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { belongsTo, earlierTaskId } from '../../src/task/id.js';
import { canonicalJson, givesWay, isStrongKey } from '../../src/task/idempotency-key.js';
import { Keyring } from '../../src/task/keyring.js';
import type { Outcome } from '../../src/task/task.js';
import { defineTool } from '../../src/tool/define-tool.js';
import { idempotencyKeyOf } from '../../src/tool/idempotency.js';

describe('a key is strong', () => {
  it.each([
    ['a UUID', randomUUID(), true],
    ['128 bits in hex', randomBytes(16).toString('hex'), true],
    ['128 bits in base64url', `${'x'.repeat(21)}_`, true],
    ['less in hex', 'a1'.repeat(15), false],
    ['less in base64url', 'x'.repeat(21), false],
    ['decimal digits', '7'.repeat(38), false],
    ['enough decimal digits', '7'.repeat(39), true],
    ['hyphens', '-'.repeat(100), false],
    ['a name', 'nightly-load', false],
    ['nothing', '', false],
  ])('%s', (_, text, strong) => expect(isStrongKey(text)).toBe(strong));
});

describe('arguments are the same', () => {
  it('exactly when their JSON is, ignoring the order of keys', () => {
    const backwards = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(backwards);
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, part]) => [name, backwards(part)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(backwards(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { b: { a: 1 } }],
  ])('but not %j and %j', (a, b) => expect(canonicalJson(a)).not.toBe(canonicalJson(b)));

  it('if they are dates of the same time', () =>
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}'));
});

describe('a task under a tool’s own key gives way to a new one if it failed or was cancelled', () => {
  const result = (isError?: boolean): Outcome => ({
    kind: 'result',
    result: { content: [], ...(isError === undefined ? {} : { isError }) },
  });
  it.each<[string, Outcome | undefined, boolean]>([
    ['working', undefined, false],
    ['succeeded', result(), false],
    ['not failed', result(false), false],
    ['failed by its result', result(true), true],
    ['failed by an error', { kind: 'error', error: { code: -32603, message: '' } }, true],
    ['cancelled', { kind: 'cancelled' }, true],
  ])('%s', (_, outcome, gives) => {
    const closed = { endedAt: 1, ...(outcome ? { outcome } : {}) };
    expect(givesWay(closed, { by: 'tool', text: 'k' })).toBe(gives);
    expect(givesWay(closed, { by: 'client', text: 'k' })).toBe(false);
    // Its work still runs.
    expect(givesWay(outcome ? { outcome } : {}, { by: 'tool', text: 'k' })).toBe(false);
  });
});

describe('the ID of a key’s task', () => {
  it('finds the IDs that an earlier version made', () => {
    const key = '0123456789abcdef0123456789abcdef';
    expect(earlierTaskId(key, 'ann', '["tool","client","one",0]')).toBe(
      'mcp-e3e1042b8b5d5bc06114044e4f3dedfc-8ec64ecc7f41183489ec00b1b198e482',
    );
  });

  it('is a task ID of its owner, and the same only for the same name and secret', () => {
    const [current, previous] = ['5f1c7a90d3e84b26bd07f4a1c95e38d2', 'a83e06f7b1d54c92807e9f3c6d215ba4'];
    const keys = new Keyring([current, previous]);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (owner, name, other) => {
        const ids = keys.namedTaskIds(owner, name);
        expect(new Set(ids).size).toBe(2);
        expect(ids.every((id) => belongsTo(id, keys.ownerTags(owner)))).toBe(true);
        expect(new Keyring([previous]).namedTaskIds(owner, name)).toEqual([ids[1]]);
        expect(keys.namedTaskIds(owner, other)[0] === ids[0]).toBe(name === other);
        // Nor does the part after the owner's tag reveal that two owners made the same call.
        const [, , mine] = ids[0].split('-');
        expect(keys.namedTaskIds(other, name)[0].split('-')[2] === mine).toBe(owner === other);
      }),
    );
  });
});

describe('a call’s key', () => {
  const inputSchema = z.object({ table: z.string() });
  const run = async (): Promise<undefined> => await Promise.resolve(undefined);
  const tool = (key: unknown) => defineTool({ name: 'load', inputSchema, run, idempotencyKey: () => key as string });
  const keyed = defineTool({
    name: 'load',
    inputSchema,
    run,
    idempotencyKey: ({ table }) => (table === 'any' ? undefined : table),
  });

  it('is the client’s, or else the tool’s, or else none', () => {
    expect(idempotencyKeyOf(keyed, { table: 'a' }, 'mine')).toEqual({ by: 'client', text: 'mine' });
    expect(idempotencyKeyOf(keyed, { table: 'a' }, undefined)).toEqual({ by: 'tool', text: 'a' });
    expect(idempotencyKeyOf(keyed, { table: 'any' }, undefined)).toBeUndefined();
    expect(idempotencyKeyOf(defineTool({ name: 'load', inputSchema, run }), { table: 'a' }, undefined)).toBeUndefined();
  });

  it.each([[''], [7], [null]])('is not %j', (key) =>
    expect(() => idempotencyKeyOf(tool(key), { table: 'a' }, undefined)).toThrow(
      'tool "load": idempotencyKey must return',
    ),
  );
});
