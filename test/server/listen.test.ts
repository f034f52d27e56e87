/** `subscriptions/listen` with tasks, over HTTP and stdio (protocol 2026-07-28). */
import { fileURLToPath } from 'node:url';
import {
  InMemoryTransport,
  McpServer,
  type AuthInfo,
  type JSONRPCMessage,
  type McpHttpHandler,
} from '@modelcontextprotocol/server';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { silent, startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';
import { send2026 } from '../helpers/raw-requests.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const tools = [
  defineTool({ name: 'ask', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askTwice' }),
  defineTool({ name: 'sleep', inputSchema: z.object({}), workflow: 'sleeper' }),
];
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const envelope = (declared: object = capabilities) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': declared,
});

// eslint-disable-next-line typescript/no-explicit-any -- a message from the wire can hold anything
type Fields = Record<string, any>;
type Message = {
  id?: unknown;
  method?: string;
  params?: Fields;
  result?: Fields;
  error?: { code: number; data?: unknown };
};

let stack: Stack;
let handler: McpHttpHandler;
const factory = (): McpServer =>
  new McpServer({ name: 'test', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
beforeAll(async () => {
  stack = await startStack(tools);
  await stack.startWorker({ workflowsPath });
  handler = stack.tasks.handler(factory);
});
afterAll(async () => await stack.close());

const start = async (name: string, authInfo?: AuthInfo): Promise<string> =>
  (await send2026(handler, 'tools/call', { name }, { capabilities, ...(authInfo ? { authInfo } : {}) })).result.taskId;

const never = async (): Promise<never> => await Promise.reject(new Error('there is no stream'));

/** Opens a stream. `next` returns its next message, or `undefined` once it has ended. */
async function listen(
  notifications: object,
  { declared, authInfo, on = handler }: { declared?: object; authInfo?: AuthInfo; on?: McpHttpHandler } = {},
) {
  const abort = new AbortController();
  const request = new Request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'sub',
      method: 'subscriptions/listen',
      params: { notifications, _meta: envelope(declared) },
    }),
    signal: abort.signal,
  });
  const response = await on.fetch(request, authInfo ? { authInfo } : {});
  if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
    return { refused: { status: response.status, ...((await response.json()) as Message) }, next: never, close: never };
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  return {
    refused: undefined,
    async next(): Promise<Message | undefined> {
      for (;;) {
        const frame = /^[^]*?data: (.*)\n\n/.exec(buffer);
        if (frame) {
          buffer = buffer.slice(frame[0].length);
          return JSON.parse(frame[1] as string) as Message;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        buffer += decoder.decode(value, { stream: true });
      }
    },
    close: async () => await reader.cancel(),
  };
}

describe('over HTTP', () => {
  it('acknowledges the tasks it follows, sends their state and each change, and ends when they do', async () => {
    const taskId = await start('ask');
    const { next } = await listen({ taskIds: [taskId, 'mcp-nobody', taskId] });
    expect(await next()).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { taskIds: [taskId] }, _meta: { [SUBSCRIPTION]: 'sub' } },
    });
    let seen = await next();
    expect(seen).toMatchObject({ method: 'notifications/tasks', params: { taskId, _meta: { [SUBSCRIPTION]: 'sub' } } });
    while (Object.keys(seen?.params?.['inputRequests'] ?? {}).length < 2) seen = await next();
    for (const key of Object.keys(seen?.params?.['inputRequests']))
      await send2026(handler, 'tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: {} } } });
    while (seen?.params?.['status'] !== 'completed') seen = await next();
    const got = (await send2026(handler, 'tasks/get', { taskId })).result;
    expect(seen.params).toEqual({ ...got, resultType: undefined, _meta: { [SUBSCRIPTION]: 'sub' } });
    expect(await next()).toMatchObject({
      id: 'sub',
      result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 'sub' } },
    });
    expect(await next()).toBeUndefined();
  });

  it('is refused for clients that do not declare the extension', async () => {
    const { refused } = await listen({ taskIds: ['x'] }, { declared: {} });
    expect(refused).toMatchObject({
      status: 400,
      id: 'sub',
      error: { code: -32021, data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } } },
    });
  });

  it('does not reveal other callers’ tasks', async () => {
    const mine: AuthInfo = { token: 't', clientId: 'host', scopes: [], extra: { iss: 'i', sub: 'me' } };
    const theirs: AuthInfo = { ...mine, extra: { iss: 'i', sub: 'they' } };
    const taskId = await start('sleep', mine);
    const { next } = await listen({ taskIds: [taskId] }, { authInfo: theirs });
    expect((await next())?.params?.['notifications']).toEqual({ taskIds: [] });
    expect((await next())?.result).toBeDefined();
    const own = await listen(
      { taskIds: [taskId] },
      { authInfo: { ...mine, expiresAt: Math.floor(Date.now() / 1000) + 2 } },
    );
    expect((await own.next())?.params?.['notifications']).toEqual({ taskIds: [taskId] });
    expect((await own.next())?.params?.['status']).toBe('working');
    // The stream ends when the token expires.
    let last = await own.next();
    while (last && !last.result) last = await own.next();
    expect(last).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
    expect(await own.next()).toBeUndefined();
  });

  it('stays open for other notifications, and has a limit', async () => {
    const taskId = await start('sleep');
    const both = await listen({ taskIds: [taskId], toolsListChanged: true });
    expect((await both.next())?.params?.['notifications']).toEqual({ taskIds: [taskId], toolsListChanged: true });
    let seen = await both.next();
    await send2026(handler, 'tasks/cancel', { taskId });
    while (seen?.params?.['status'] !== 'cancelled') seen = await both.next();
    handler.notify.toolsChanged();
    expect(await both.next()).toMatchObject({
      method: 'notifications/tools/list_changed',
      params: { _meta: { [SUBSCRIPTION]: 'sub' } },
    });
    await both.close();
  });

  it('is refused above the limit, until another one ends', async () => {
    const strict = await startStack(tools, {
      taskQueue: stack.tasks.taskQueue,
      limits: { subscriptions: { perProcess: 3 } },
    });
    const on = strict.tasks.handler(factory);
    const asleep = await start('sleep');
    // At the same time, because each is looked up before it is open.
    const asked = await Promise.all([1, 2, 3, 4, 5, 6].map(async () => await listen({ taskIds: [asleep] }, { on })));
    const open = asked.filter(({ refused }) => !refused);
    expect(open).toHaveLength(3);
    for (const { refused } of asked.filter((one) => !open.includes(one)))
      expect(refused).toMatchObject({
        status: 429,
        id: 'sub',
        error: { code: -32010, data: { limit: 'subscriptions', allowed: 3, retryAfterMs: 1_000 } },
      });
    await open[0]?.close();
    const again = await listen({ taskIds: [asleep] }, { on });
    expect(again.refused).toBeUndefined();
    await Promise.all([again, ...open].map(async ({ close }) => await close()));
    await send2026(handler, 'tasks/cancel', { taskId: asleep });
    await strict.close();
  });

  it('ends with a result when the server closes', async () => {
    const taskId = await start('sleep');
    const other = stack.tasks.handler(factory);
    const { next } = await listen({ taskIds: [taskId] }, { on: other });
    expect((await next())?.method).toBe('notifications/subscriptions/acknowledged');
    expect((await next())?.params?.['taskId']).toBe(taskId);
    await other.close();
    let last = await next();
    while (last && !last.result) last = await next();
    expect(last).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
    await send2026(handler, 'tasks/cancel', { taskId });
  });
});

/** Connects a 2026-07-28 client over stdio. */
async function overStdio({ tasks }: Stack) {
  const [client, server] = InMemoryTransport.createLinkedPair();
  const received: Message[] = [];
  client.onmessage = (message: JSONRPCMessage) => void received.push(message as Message);
  const handle = tasks.stdio(factory, { transport: server });
  await client.start();
  return {
    client,
    received,
    handle,
    request: async (id: string, method: string, params: object, declared?: object) =>
      await client.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope(declared) } }),
    async find(fits: (message: Message) => boolean): Promise<Message> {
      await expect.poll(() => received.some(fits), { timeout: 20_000 }).toBe(true);
      return received.find(fits) as Message;
    },
  };
}

describe('over stdio', () => {
  it('works the same on the single channel', async () => {
    const { client, received, handle, request, find } = await overStdio(stack);
    await request('call', 'tools/call', { name: 'sleep' });
    const taskId = (await find(({ id }) => id === 'call')).result?.['taskId'] as string;
    await request('no', 'subscriptions/listen', { notifications: { taskIds: [taskId] } }, {});
    expect((await find(({ id }) => id === 'no')).error?.code).toBe(-32021);
    await request('s1', 'subscriptions/listen', { notifications: { taskIds: [taskId, 'mcp-nobody'] } });
    await request('s2', 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
    const of =
      (id: string) =>
      ({ params }: Message) =>
        params?.['_meta']?.[SUBSCRIPTION] === id;
    expect((await find(of('s1'))).params?.['notifications']).toEqual({ taskIds: [taskId] });
    await find((message) => of('s1')(message) && message.params?.['status'] === 'working');
    await find((message) => of('s2')(message) && message.params?.['status'] === 'working');
    await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 's2' } });
    await request('stop', 'tasks/cancel', { taskId });
    await find((message) => of('s1')(message) && message.params?.['status'] === 'cancelled');
    expect(await find(({ id }) => id === 's1')).toMatchObject({
      result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 's1' } },
    });
    expect(received.some((message) => of('s2')(message) && message.params?.['status'] === 'cancelled')).toBe(false);
    expect(received.some(({ id }) => id === 's2')).toBe(false);
    const [first] = received.filter(of('s1'));
    expect(first?.method).toBe('notifications/subscriptions/acknowledged');
    await handle.close();
  });
});

it('twenty subscriptions to a task cost what one costs', async () => {
  const proxy = await startTemporalProxy();
  const counted = await startStack(tools, { taskQueue: stack.tasks.taskQueue, temporal: { address: proxy.address } });
  const on = counted.tasks.handler(factory);
  const reads = (): number => proxy.calls.get('DescribeWorkflowExecution') ?? 0;
  const taskId = await start('sleep');
  const streams = await Promise.all(
    Array.from({ length: 20 }, async () => await listen({ taskIds: [taskId] }, { on })),
  );
  for (const { next } of streams) for (let seen = 0; seen < 2; seen++) await next();
  const before = reads();
  await send2026(handler, 'tasks/cancel', { taskId });
  for (const { next } of streams) {
    let seen = await next();
    while (seen?.params && seen.params['status'] !== 'cancelled') seen = await next();
    expect(seen?.params?.['taskId']).toBe(taskId);
    expect(await next()).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
  }
  expect(reads() - before).toBeLessThan(20);
  await counted.close();
  await proxy.close();
});

describe('when Temporal refuses to read a task', () => {
  const logged: unknown[] = [];
  let proxy: TemporalProxy;
  let refused: Stack;
  let other: McpHttpHandler;
  let temporal: Client;
  beforeAll(async () => {
    temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
    proxy = await startTemporalProxy();
    refused = await startStack(tools, {
      temporal: { address: proxy.address },
      // The server also counts running tasks in the background, and warns once if Temporal refuses that.
      logger: { ...silent, warn: (fields) => void ('method' in fields && logged.push(fields)) },
    });
    other = refused.tasks.handler(factory);
  });
  beforeEach(() => {
    proxy.refuseWith = undefined;
    logged.length = 0;
  });
  afterAll(async () => {
    await refused.close();
    await proxy.close();
    await temporal.connection.close();
  });

  const begin = async (): Promise<string> =>
    (await send2026(other, 'tools/call', { name: 'sleep' }, { capabilities })).result.taskId;
  const denied = { id: 'sub', error: { code: -32603, message: expect.stringContaining('PERMISSION_DENIED') } };
  async function refuse(taskId: string): Promise<void> {
    proxy.refuseWith = 7;
    // This ends the open long poll, and the next read is refused.
    await temporal.workflow.getHandle(taskId).signal('any');
  }

  it.each([{}, { toolsListChanged: true }])(
    'a stream ends with the error (other notifications: %o)',
    async (besides) => {
      const taskIds = [await begin(), await begin()];
      const { next } = await listen({ taskIds, ...besides }, { on: other });
      for (let seen = 0; seen < 3; seen++) expect((await next())?.error).toBeUndefined();
      await refuse(taskIds[0] ?? '');
      expect(await next()).toMatchObject(denied);
      expect(await next()).toBeUndefined();
      expect(logged).toContainEqual({
        method: 'subscriptions/listen',
        taskId: expect.toBeOneOf(taskIds),
        err: expect.any(Error),
      });
      logged.length = 0;
      expect((await listen({ taskIds }, { on: other })).refused).toMatchObject({ status: 200, ...denied });
      expect(logged).toHaveLength(1);
    },
  );

  it('a subscription over stdio ends with the error', async () => {
    const { request, find, handle } = await overStdio(refused);
    await request('call', 'tools/call', { name: 'sleep' });
    const taskId = (await find(({ id }) => id === 'call')).result?.['taskId'] as string;
    await request('sub', 'subscriptions/listen', { notifications: { taskIds: [taskId], toolsListChanged: true } });
    await find(({ params }) => params?.['status'] === 'working');
    await refuse(taskId);
    expect(await find(({ id }) => id === 'sub')).toMatchObject(denied);
    await request('again', 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
    expect(await find(({ id }) => id === 'again')).toMatchObject({ ...denied, id: 'again' });
    expect(logged).toHaveLength(2);
    await handle.close();
  });
});
