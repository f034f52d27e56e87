/** Idempotency keys on the wire. The engine's tests cover their semantics. */
import { randomUUID } from 'node:crypto';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, IDEMPOTENCY_KEY } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';

const inputSchema = z.object({ n: z.number() });
const run = async ({ n }: { n: number }): Promise<object> => await Promise.resolve({ n });
const tools = [
  defineTool({ name: 'free', inputSchema, run }),
  defineTool({ name: 'own', inputSchema, idempotencyKey: ({ n }) => `the ${n}`, run }),
];
const user = { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'ann' } };

let stack: Stack;
let handler: McpHttpHandler;
beforeAll(async () => {
  stack = await startStack(tools);
  await stack.startWorker();
  handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
});
afterAll(async () => await stack.close());

const eras: [
  string,
  (name: string, n: number, key?: unknown, options?: SendOptions) => Promise<Reply>,
  (reply: Reply) => string,
][] = [
  [
    '2025-11-25',
    async (name, n, key, options = {}) =>
      await send2025(
        handler,
        'tools/call',
        { name, arguments: { n }, task: {} },
        { ...options, meta: { [IDEMPOTENCY_KEY]: key } },
      ),
    ({ result }) => result.task.taskId,
  ],
  [
    '2026-07-28',
    async (name, n, key, options = {}) =>
      await send2026(
        handler,
        'tools/call',
        { name, arguments: { n } },
        { ...options, meta: { [IDEMPOTENCY_KEY]: key } },
      ),
    ({ result }) => result.taskId,
  ],
];

describe.each(eras)('%s', (_, call, idOf) => {
  it('the same key returns the same task, or -32602 for other arguments', async () => {
    const key = randomUUID();
    const first = idOf(await call('free', 1, key));
    expect(idOf(await call('free', 1, key))).toBe(first);
    expect((await call('free', 2, key)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('idempotency key'),
    });
    expect(idOf(await call('free', 1, randomUUID()))).not.toBe(first);
    expect(idOf(await call('free', 1, key, { authInfo: user }))).not.toBe(first);
  });

  it('a tool’s own key makes identical calls of one known caller one task, but not those of anonymous callers', async () => {
    const known = { authInfo: user };
    const first = idOf(await call('own', 7, undefined, known));
    expect(idOf(await call('own', 7, undefined, known))).toBe(first);
    expect(idOf(await call('own', 8, undefined, known))).not.toBe(first);
    expect(idOf(await call('own', 7))).not.toBe(idOf(await call('own', 7)));
  });

  it.each([[17], [''], ['x'.repeat(1001)], [null]])('%j is not a valid key', async (key) => {
    expect((await call('free', 1, key)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining(IDEMPOTENCY_KEY),
    });
  });

  it('a short key needs a known caller', async () => {
    expect((await call('free', 1, 'order-17')).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('128 random bits'),
    });
    expect((await call('free', 1, 'order-17', { authInfo: user })).error).toBeUndefined();
  });
});

it('an awaited call that is repeated finds its task', async () => {
  const meta = { [IDEMPOTENCY_KEY]: randomUUID() };
  const once = await send2025(handler, 'tools/call', { name: 'free', arguments: { n: 3 } }, { meta });
  const asTask = await send2025(handler, 'tools/call', { name: 'free', arguments: { n: 3 }, task: {} }, { meta });
  expect(once.result.structuredContent).toEqual({ n: 3 });
  expect(asTask.result.task.status).toBe('completed');
});

it('a dropped call of 2026-07-28 keeps running if it has a key', async () => {
  const meta = { [IDEMPOTENCY_KEY]: randomUUID() };
  const hold = await startStack([defineTool({ name: 'free', inputSchema, run })]);
  const held = hold.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const dropping = new AbortController();
  const dropped = send2026(
    held,
    'tools/call',
    { name: 'free', arguments: { n: 4 } },
    { meta, capabilities: {}, signal: dropping.signal },
  ).catch(() => undefined);
  const id = async (): Promise<string> =>
    (await send2026(held, 'tools/call', { name: 'free', arguments: { n: 4 } }, { meta })).result.taskId as string;
  const taskId = await id();
  dropping.abort();
  await dropped;
  await hold.startWorker();
  expect((await hold.tasks.engine.result('anonymous', taskId)).outcome).toMatchObject({
    result: { structuredContent: { n: 4 } },
  });
  await hold.close();
});
