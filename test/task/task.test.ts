/** The domain model, mostly as tables of cases. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { belongsTo, idRange, newTaskId, ownerTag } from '../../src/task/id.js';
import { Keyring } from '../../src/task/keyring.js';
import { openCursor, sealCursor } from '../../src/task/cursor.js';
import { statusMessage } from '../../src/task/message.js';
import { toToolResult } from '../../src/task/result.js';
import { isExpired, type Step } from '../../src/task/task.js';

const key = '5f1c7a90d3e84b26bd07f4a1c95e38d2';
const other = 'a83e06f7b1d54c92807e9f3c6d215ba4';

describe('task IDs', () => {
  it('belong to the tag they were created for, and lie in its range', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (mine, theirs) => {
        const id = newTaskId(ownerTag(key, mine));
        const [first, last] = idRange(ownerTag(key, mine));
        expect(belongsTo(id, [ownerTag(key, mine)])).toBe(true);
        expect(belongsTo(id, [ownerTag(key, theirs)])).toBe(mine === theirs);
        expect(id > first && id < last).toBe(true);
      }),
    );
  });

  it('have 128 unpredictable bits', () => {
    const random = Array.from({ length: 200 }, () => BigInt(`0x${newTaskId(ownerTag(key, 'a')).slice(-32)}`));
    for (let bit = 0n; bit < 128n; bit++)
      expect(new Set(random.map((bits) => (bits >> bit) & 1n)).size, `bit ${bit}`).toBe(2);
  });

  it('have no other form', () => {
    const id = newTaskId(ownerTag(key, 'a'));
    for (const wrong of ['', `${id}0`, `x${id}`, id.toUpperCase(), `${id}\n`, id.replace('mcp', 'other')])
      expect(belongsTo(wrong, [ownerTag(key, 'a')]), wrong).toBe(false);
  });
});

describe('keys', () => {
  it.each([
    ['', 'no key is set'],
    ['short', 'the key has 5 characters; it needs at least 32'],
    [`${key},short`, 'the previous key has 5 characters'],
    ['a'.repeat(32), 'the key has only 1 different character.'],
    ['0123456'.repeat(8), 'the key has only 7 different characters'],
    ['for-development-only-for-development-only', 'the key contains a word from a published example'],
    ['Change-Me-Change-Me-0123456789-abcdefgh', 'the key contains a word from a published example'],
    [`${key},for-development-only-for-development-only`, 'the previous key contains a word'],
    ['k3yB0ard-K'.repeat(4), 'the key repeats itself'],
    ['0123456789abcdef0123456789abcdef', 'the key repeats itself'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'the key consists of adjacent characters'],
  ])('that somebody could guess are refused: %j', (weak, message) => {
    expect(() => Keyring.parse(weak)).toThrow(message);
    expect(() => Keyring.parse(weak)).toThrow('openssl rand -base64 32');
    const parts = weak.split(',').filter((part) => part.length > 10 && part !== key);
    for (const part of parts) expect(() => Keyring.parse(weak)).not.toThrow(part);
  });

  it('that are random are accepted, however they are written', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    // fast-check likes equal bytes, so hash them.
    const random = bytes.map((given) => createHash('sha256').update(given).digest());
    fc.assert(
      fc.property(random, (secret) => {
        for (const text of [secret.toString('hex'), secret.toString('base64'), secret.toString('hex').slice(0, 32)])
          expect(() => Keyring.parse(text)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it('have no default in docker-compose.yml', async () => {
    const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
    const { services } = parse(text) as { services: Record<string, { environment?: Record<string, string> }> };
    const secrets = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name]) => /KEY|PASSWORD|PWD|_URL$/.test(name)),
    );
    expect(secrets.map(([name]) => name)).toEqual(
      expect.arrayContaining(['MCP_TASKS_KEY', 'POSTGRES_PASSWORD', 'POSTGRES_PWD', 'DATABASE_URL']),
    );
    for (const [name, value] of secrets) expect(value, name).toMatch(/\$\{\w+:\?[^}]+\}/);
  });

  it('can be rotated: the current key makes everything new, and previous keys are still accepted', () => {
    const before = Keyring.parse(key);
    const after = Keyring.parse(`${other}, ${key}`);
    const id = newTaskId(before.ownerTags('ann')[0]);
    expect(belongsTo(id, after.ownerTags('ann'))).toBe(true);
    expect(belongsTo(newTaskId(after.ownerTags('ann')[0]), before.ownerTags('ann'))).toBe(false);
    expect(after.verify('p', 'text', before.sign('p', 'text'))).toBe(true);
    expect(before.verify('p', 'text', after.sign('p', 'text'))).toBe(false);
  });
});

describe('cursors', () => {
  const keys = Keyring.parse(key);

  it('open unchanged, for their owner only', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (token) => {
        const cursor = sealCursor(keys, 'ann', token);
        expect(Uint8Array.from(openCursor(keys, 'ann', cursor))).toEqual(token);
        expect(() => openCursor(keys, 'bob', cursor)).toThrow('Invalid cursor');
      }),
    );
  });

  it('cannot be forged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => openCursor(keys, 'ann', text)).toThrow('Invalid cursor');
      }),
    );
  });
});

describe('what a tool returns', () => {
  it.each([
    [{ content: [{ type: 'text', text: 'x' }] }, { content: [{ type: 'text', text: 'x' }] }],
    ['text', { content: [{ type: 'text', text: 'text' }], structuredContent: 'text' }],
    [{ a: 1 }, { content: [{ type: 'text', text: '{"a":1}' }], structuredContent: { a: 1 } }],
    [[1, 2], { content: [{ type: 'text', text: '[1,2]' }], structuredContent: [1, 2] }],
    [42, { content: [{ type: 'text', text: '42' }], structuredContent: 42 }],
    [false, { content: [{ type: 'text', text: 'false' }], structuredContent: false }],
    [undefined, { content: [] }],
    [null, { content: [] }],
    [
      { content: 'not blocks' },
      { content: [{ type: 'text', text: '{"content":"not blocks"}' }], structuredContent: { content: 'not blocks' } },
    ],
  ])('%j becomes a tool result', (value, result) => expect(toToolResult(value)).toEqual(result));
});

describe('expiry', () => {
  const minute = 60_000;
  it.each([
    ['no ttl', { ttl: null, createdAt: 0, endedAt: 1 }, 1e12, false],
    ['running past its ttl', { ttl: 1, createdAt: 0 }, 1e12, false],
    ['within its ttl', { ttl: 60 * minute, createdAt: 0, endedAt: minute }, 59 * minute, false],
    ['after its ttl', { ttl: 60 * minute, createdAt: 0, endedAt: 0 }, 60 * minute + 1, true],
    ['ended just now, ttl long past', { ttl: 60 * minute, createdAt: 0, endedAt: 600 * minute }, 660 * minute, false],
    ['ended an hour ago', { ttl: 60 * minute, createdAt: 0, endedAt: 600 * minute }, 660 * minute + 1, true],
    ['ended just now, a ttl of 0', { ttl: 0, createdAt: 0, endedAt: 5 }, 60 * minute, false],
    ['its results are kept for longer', { ttl: 1, createdAt: 0, endedAt: 5, resultRetention: 90 }, 95, false],
    ['its results were kept for long enough', { ttl: 1, createdAt: 0, endedAt: 5, resultRetention: 90 }, 96, true],
  ])('%s', (_, task, now, expired) => expect(isExpired(task, now)).toBe(expired));
});

describe('status messages', () => {
  const step = (fields: Partial<Step>): Step => ({
    name: 'load',
    state: 'running',
    attempt: 1,
    maximumAttempts: 5,
    changedAt: 0,
    ...fields,
  });
  const progress = { progress: 1_234_567, total: 3_000_000, message: 'rows' };
  const form = { method: 'elicitation/create', params: { message: 'Replace\n\n5 rows?' } };
  it.each<[string | undefined, Partial<Parameters<typeof statusMessage>[0]>]>([
    [undefined, { steps: [] }],
    ['load: running', { steps: [step({})] }],
    ['load: waiting for a worker', { steps: [step({ state: 'waiting' })] }],
    [
      'load: attempt 3 of 5 is waiting for a worker (last failure: refused)',
      { steps: [step({ state: 'waiting', attempt: 3, lastFailure: 'refused' })] },
    ],
    ['load: 1,234,567 of 3,000,000 rows (41%)', { steps: [step({ progress })] }],
    [
      'load: attempt 2 of 5 (last failure: refused), 1,234,567 of 3,000,000 rows (41%)',
      { steps: [step({ attempt: 2, lastFailure: 'refused', progress })] },
    ],
    [
      'load: attempt 3 of 5 failed (refused); attempt 4 at 1970-01-01T00:00:08.000Z',
      { steps: [step({ state: 'retrying', attempt: 4, lastFailure: 'refused', retryAt: 8000 })] },
    ],
    [
      'load: attempt 1 failed (no reason given); attempt 2',
      { steps: [step({ state: 'retrying', attempt: 2, maximumAttempts: 0 })] },
    ],
    [
      'load: paused by an operator (last failure: refused); it continues once an operator unpauses it',
      { steps: [step({ state: 'paused', lastFailure: 'refused' })] },
    ],
    ['Loading · load: running', { message: 'Loading', steps: [step({})] }],
    ['Loading · 5 parts', { message: 'Loading', progress: { progress: 5, message: 'parts' }, steps: [] }],
    ['a: running · b: running', { steps: [step({ name: 'a' }), step({ name: 'b' })] }],
    ['waiting for a worker', { steps: [], stalled: 'waiting for a worker' }],
    ['waiting for the user to answer "Replace 5 rows?"', { inputs: { a: form }, steps: [step({ progress })] }],
    [
      'waiting for the user to answer "Replace 5 rows?" · Loading · 2 of 4 (50%)',
      { inputs: { a: form }, message: 'Loading', progress: { progress: 2, total: 4 } },
    ],
    [
      'waiting for the user to open a link: "Sign in" · waiting for a completion by the client\'s model',
      {
        inputs: {
          a: { method: 'elicitation/create', params: { mode: 'url', message: 'Sign in', url: 'https://a.example' } },
          b: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } },
        },
      },
    ],
    [
      'waiting for the user to answer a question · waiting for the client to answer roots/list',
      { inputs: { a: { ...form, params: {} }, b: { method: 'roots/list', params: {} } } },
    ],
  ])('%s', (text, task) => expect(statusMessage({ inputs: {}, steps: [], ...task })).toBe(text));

  it('cut a long failure, a long question and a long message', () => {
    const long = 'x'.repeat(5000);
    const cut = `${'x'.repeat(300)}…`;
    expect(statusMessage({ inputs: {}, steps: [step({ state: 'waiting', attempt: 2, lastFailure: long })] })).toBe(
      `load: attempt 2 of 5 is waiting for a worker (last failure: ${cut})`,
    );
    expect(statusMessage({ inputs: { a: { ...form, params: { message: long } } }, steps: [] })).toBe(
      `waiting for the user to answer "${cut}"`,
    );
    expect(statusMessage({ inputs: {}, steps: [], message: long })).toBe(`${'x'.repeat(1000)}…`);
  });

  it('are not cut within a character', () => {
    expect(statusMessage({ inputs: {}, steps: [], message: `x${'😀'.repeat(1000)}` })).toBe(`x${'😀'.repeat(499)}…`);
  });
});
