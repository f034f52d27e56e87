/**
 * Rules of protocol 2026-07-28 about what a server sends besides responses: notifications, progress and cancellation.
 * Tested over stdio, where all messages share one channel.
 */
import { InMemoryTransport, McpServer, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';

// eslint-disable-next-line typescript/no-explicit-any -- a message from the wire can hold anything
type Fields = Record<string, any>;
type Message = {
  id?: unknown;
  method?: string;
  params?: Fields;
  result?: Fields;
  error?: unknown;
};

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** Lets the tool continue by one step. */
let next: () => void;
let stopped: Promise<void>;
const tool = defineTool({
  name: 'steps',
  inputSchema: z.object({}),
  async run(_, ctx) {
    const abort = new Promise<never>((_resolve, reject) =>
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
    );
    stopped = abort.catch(() => undefined);
    for (const step of [1, 2]) {
      ctx.progress(step, 2, 'steps');
      await Promise.race([abort, new Promise<void>((resolve) => (next = resolve))]);
    }
    return 'done';
  },
});

let stack: Stack;
beforeAll(async () => {
  stack = await startStack([tool], { pollInterval: '200 ms' });
  await stack.startWorker({ maxHeartbeatThrottleInterval: '200 ms', defaultHeartbeatThrottleInterval: '200 ms' });
});
afterAll(async () => await stack.close());

let received: Message[];
let client: InMemoryTransport;
let handle: { close(): Promise<void> };
beforeEach(async () => {
  const [ours, server] = InMemoryTransport.createLinkedPair();
  client = ours;
  received = [];
  client.onmessage = (message: JSONRPCMessage) => void received.push(message as Message);
  handle = stack.tasks.stdio(
    () =>
      new McpServer(
        { name: 'test', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true }, logging: {} } },
      ),
    { transport: server },
  );
  await client.start();
});
afterEach(async () => await handle.close());

async function request(
  id: string,
  method: string,
  params: object,
  { declared = tasks, meta = {} }: { declared?: object; meta?: object } = {},
): Promise<void> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': declared,
    ...meta,
  };
  await client.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
}

async function find(fits: (message: Message) => boolean): Promise<Message> {
  await expect.poll(() => received.some(fits), { timeout: 20_000 }).toBe(true);
  return received.find(fits) as Message;
}

const answer = async (id: string): Promise<Message> => await find((message) => message.id === id);

/** Waits for a round trip, so that all messages sent before have arrived. */
async function settled(): Promise<void> {
  await request('settled', 'tools/list', {});
  await answer('settled');
}

const progress =
  (step: number) =>
  ({ method, params }: Message) =>
    method === 'notifications/progress' && params?.['progress'] === step;

it('a subscription sends only what was requested, without progress or logs', async () => {
  await request(
    'call',
    'tools/call',
    { name: 'steps' },
    { meta: { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' } },
  );
  const taskId = (await answer('call')).result?.['taskId'] as string;
  await request('others', 'subscriptions/listen', { notifications: { toolsListChanged: true } });
  await request('mine', 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
  for (const step of [1, 2]) {
    await find(
      ({ method, params }) =>
        method === 'notifications/tasks' && params?.['statusMessage']?.includes(`${step} of 2 steps`),
    );
    next();
  }
  await answer('mine');
  await settled();
  const of = (id: string) =>
    received.flatMap(({ method, params }) =>
      method !== undefined && params?.['_meta']?.[SUBSCRIPTION] === id ? [method] : [],
    );
  expect(of('others')).toEqual(['notifications/subscriptions/acknowledged']);
  expect([...new Set(of('mine'))]).toEqual(['notifications/subscriptions/acknowledged', 'notifications/tasks']);
  // No other notification arrived outside the subscriptions either.
  expect(received.filter(({ method }) => method !== undefined)).toHaveLength(of('others').length + of('mine').length);
});

it('a subscription that the SDK refuses leaves nothing behind', async () => {
  const taskIds = { notifications: { taskIds: ['x'] } };
  await request('same', 'subscriptions/listen', taskIds, {
    meta: { 'io.modelcontextprotocol/protocolVersion': '2999-01-01' },
  });
  expect((await answer('same')).error).toMatchObject({ code: -32022 });
  await request('same', 'subscriptions/listen', { notifications: { toolsListChanged: true } });
  const { params } = await find(({ method }) => method === 'notifications/subscriptions/acknowledged');
  expect(params?.['notifications']).toEqual({ toolsListChanged: true });
});

it('progress of an awaited call carries its token, increases and ends with the call', async () => {
  await request('call', 'tools/call', { name: 'steps' }, { declared: {}, meta: { progressToken: 'p' } });
  for (const step of [1, 2]) {
    await find(progress(step));
    next();
  }
  expect((await answer('call')).result).toMatchObject({ resultType: 'complete', content: [{ text: 'done' }] });
  await settled();
  const told = received.filter(({ id }) => id !== 'settled');
  expect(told.at(-1)?.id).toBe('call');
  expect(
    told
      .slice(0, -1)
      .map(({ params }) => [params?.['progressToken'], params?.['progress'], params?.['total'], params?.['message']]),
  ).toEqual([
    ['p', 1, 2, 'steps'],
    ['p', 2, 2, 'steps'],
  ]);
});

describe('`notifications/cancelled`', () => {
  const cancel = async (requestId: unknown): Promise<void> =>
    await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } as never });

  it('stops an awaited call, which then gets no answer', async () => {
    await request('call', 'tools/call', { name: 'steps' }, { declared: {}, meta: { progressToken: 1 } });
    await find(progress(1));
    await cancel('call');
    await stopped;
    await settled();
    expect(received.filter(({ id }) => id === 'call')).toEqual([]);
  });

  it('is ignored for a task, for unknown or finished requests, and if malformed', async () => {
    await request('call', 'tools/call', { name: 'steps' });
    const taskId = (await answer('call')).result?.['taskId'] as string;
    for (const requestId of ['call', taskId, 'nobody', undefined, { a: 1 }]) await cancel(requestId);
    await settled();
    await request('get', 'tasks/get', { taskId });
    expect((await answer('get')).result).toMatchObject({ status: 'working' });
    await request('stop', 'tasks/cancel', { taskId });
    await answer('stop');
    // The server has sent nothing but these answers, so no `notifications/cancelled` of its own.
    expect(received.map(({ id }) => id)).toEqual(['call', 'settled', 'get', 'stop']);
  });
});
