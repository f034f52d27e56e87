/** The limits on what callers use, over HTTP: on both sides of each, and that other callers go on unharmed. */
import { connect } from 'node:net';
import type { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { InMemoryTransport, McpServer, type AuthInfo, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { connectTasks, type TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, IDEMPOTENCY_KEY, serveHttp, type Logger } from '../../src/index.js';
import type { LimitOptions } from '../../src/mcp/quota/table.js';
import { serveGateway } from '../../src/gateway/index.js';
import { DurableTasks as V1DurableTasks, type FetchHandler } from '../../src/sdk/index.js';
import { Peer } from '../../src/mcp/sessions/peer.js';
import { httpHandler as v1Handler } from '../../src/sdk/http.js';
import { httpHandler } from '../../src/server/serve.js';
import { adapters, v1Server } from '../helpers/adapters.js';
import { reached, release } from '../helpers/gated.js';
import { sessionful } from '../helpers/sdk-sessions.js';
import { key, silent, startStack, startStackOf, type Stack } from '../helpers/stack.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';

const tools = [
  defineTool({
    name: 'wait',
    inputSchema: z.object({ gate: z.string() }),
    run: async ({ gate }, ctx) => await reached(gate, ctx.signal).then(() => 'done'),
  }),
  defineTool({
    name: 'large',
    inputSchema: z.object({ size: z.number() }),
    run: async ({ size }) => await Promise.resolve('x'.repeat(size)),
  }),
];
const user = (sub: string): AuthInfo => ({ token: sub, clientId: 'c', scopes: [], extra: { iss: 'i', sub } });
// New ones in each test, because Temporal counts the running tasks of all servers.
let ann: { readonly authInfo: AuthInfo };
let bob: { readonly authInfo: AuthInfo };
beforeEach(() => {
  ann = { authInfo: user(`ann ${crypto.randomUUID()}`) };
  bob = { authInfo: user(`bob ${crypto.randomUUID()}`) };
});
const gate = (): string => crypto.randomUUID();
/** Keeps what a rate allows from growing while a busy machine is slow. */
const stopTheClock = (): void => void vi.useFakeTimers({ toFake: ['performance'] });
afterEach(() => vi.useRealTimers());

/** A request in one of the protocol's versions. */
const versions = {
  '2025-11-25': { send: send2025, asTask: { task: {} } },
  '2026-07-28': { send: send2026, asTask: {} },
} as const;

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let worker: Stack<TasksConnection>;
  const open: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    ({ stack: worker } = await adapt(tools));
    await worker.startWorker();
  });
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  afterAll(async () => await worker.close());

  /** A server with these limits, on the same worker. */
  async function limited(limits: LimitOptions, pollInterval: '1 second' | '1 hour' = '1 second') {
    const { stack, handler } = await adapt(tools, { limits, pollInterval, taskQueue: worker.tasks.taskQueue });
    open.push(async () => {
      await handler.close();
      await stack.close();
    });
    return handler;
  }

  const refusal = (limit: string, allowed: number, retryAfterMs: unknown = expect.any(Number)) => ({
    status: 429,
    error: { code: -32010, data: { limit, allowed, retryAfterMs } },
  });

  describe.each(sdk === 'v1' ? (['2025-11-25'] as const) : (['2025-11-25', '2026-07-28'] as const))('%s', (version) => {
    const { send, asTask } = versions[version];
    const start = async (
      on: FetchHandler,
      options: SendOptions,
      name = 'wait',
      args: object = { gate: gate() },
    ): Promise<Reply> => await send(on, 'tools/call', { name, arguments: args, ...asTask }, options);
    const idOf = ({ result }: Reply): string => result.task?.taskId ?? result.taskId;

    it('limits starts per minute, and does not count repeats', async () => {
      const on = await limited({ startsPerMinute: { perOwner: 3, perProcess: 100 } });
      stopTheClock();
      const keyed = { ...ann, meta: { [IDEMPOTENCY_KEY]: crypto.randomUUID() } };
      const args = { gate: gate() };
      const first = await start(on, keyed, 'wait', args);
      expect(first.status).toBe(200);
      for (let n = 0; n < 2; n++) expect((await start(on, ann)).status).toBe(200);
      const refused = await start(on, ann);
      expect(refused).toMatchObject(refusal('startsPerMinute', 3));
      expect(refused.error?.message).toMatch(
        /^Too many task starts per minute: the limit is 3 for each caller\. This request changed nothing\. Wait \d+ seconds, then send it again\.$/,
      );
      expect(idOf(await start(on, keyed, 'wait', args))).toBe(idOf(first));
      expect((await start(on, bob)).status).toBe(200);
    });

    it('limits calls that repeat a key, which Temporal has to look up', async () => {
      const on = await limited({ readsPerSecond: { perOwner: 2, perProcess: 100 } });
      stopTheClock();
      const keyed = { ...ann, meta: { [IDEMPOTENCY_KEY]: crypto.randomUUID() } };
      const args = { gate: gate() };
      for (let n = 0; n < 3; n++) expect((await start(on, keyed, 'wait', args)).status).toBe(200);
      expect(await start(on, keyed, 'wait', args)).toMatchObject(refusal('readsPerSecond', 2));
      expect((await start(on, ann)).status).toBe(200);
    });

    it('limits running tasks, and lets another one start when one has ended', async () => {
      const on = await limited({ runningTasks: { perOwner: 2, perProcess: 100 } });
      const mine = gate();
      const first = idOf(await start(on, ann, 'wait', { gate: mine }));
      await start(on, ann);
      expect(await start(on, ann)).toMatchObject(refusal('runningTasks', 2, 2_000));
      expect((await start(on, bob)).status).toBe(200);
      await send(on, 'tasks/cancel', { taskId: first }, ann);
      // Temporal may still count it for a moment.
      await vi.waitFor(async () => expect((await start(on, ann)).status).toBe(200), { timeout: 30_000, interval: 500 });
    });

    it('limits reads of a task that come much faster than its poll interval', async () => {
      const on = await limited({ readsPerPoll: 1 }, '1 hour');
      const [taskId, other] = [idOf(await start(on, ann)), idOf(await start(on, ann))];
      for (let n = 0; n < 10; n++) expect((await send(on, 'tasks/get', { taskId }, ann)).status).toBe(200);
      expect(await send(on, 'tasks/get', { taskId }, ann)).toMatchObject(refusal('readsPerPoll', 1));
      expect((await send(on, 'tasks/get', { taskId: other }, ann)).status).toBe(200);
    });

    it('limits all requests about tasks', async () => {
      const on = await limited({ readsPerSecond: { perOwner: 2, perProcess: 100 } });
      stopTheClock();
      const read = async (options: SendOptions): Promise<Reply> =>
        await send(on, 'tasks/get', { taskId: 'mcp-none' }, options);
      const all = await Promise.all(Array.from({ length: 10 }, async () => await read(ann)));
      expect(all.find(({ status }) => status === 429)).toMatchObject(refusal('readsPerSecond', 2));
      expect((await read(bob)).error?.code).toBe(-32602);
    });

    it('limits requests that wait, and frees their places when they end or are dropped', async () => {
      const on = await limited({ waitingRequests: { perOwner: 2, perProcess: 100 } });
      const [mine, dropped] = [gate(), new AbortController()];
      const call = async (options: SendOptions, at = gate()): Promise<Reply> =>
        await send(on, 'tools/call', { name: 'wait', arguments: { gate: at } }, { capabilities: {}, ...options });
      const first = call(ann, mine);
      const second = call({ ...ann, signal: dropped.signal }).catch(() => undefined);
      await vi.waitFor(async () => expect(await call(ann)).toMatchObject(refusal('waitingRequests', 2, 1_000)), 20_000);
      const theirs = gate();
      release(theirs);
      expect((await call(bob, theirs)).status).toBe(200);
      release(mine);
      expect((await first).result.content).toEqual([{ type: 'text', text: 'done' }]);
      const again = gate();
      release(again);
      expect((await call(ann, again)).status).toBe(200);
      dropped.abort();
      await second;
      await vi.waitFor(async () => {
        const [a, b] = [gate(), gate()];
        release(a);
        release(b);
        for (const { status } of await Promise.all([call(ann, a), call(ann, b)])) expect(status).toBe(200);
      }, 20_000);
    });

    it('refuses a progress token of more than 256 characters, in plain calls too', async () => {
      const on = await limited({});
      const call = { name: 'large', arguments: { size: 1 } };
      const token = (length: number) => ({ ...ann, capabilities: {}, meta: { progressToken: 'x'.repeat(length) } });
      expect((await send(on, 'tools/call', call, token(257))).error).toMatchObject({
        code: -32602,
        message: expect.stringContaining('at most 256 characters') as string,
      });
      expect((await send(on, 'tools/call', call, token(256))).result.content).toBeDefined();
    });
  });

  it('says in a header when to try again', async () => {
    const on = await limited({ startsPerMinute: { perOwner: 1, perProcess: 100 } });
    stopTheClock();
    const session = await Session.begin(on, {}, ann.authInfo);
    const call = async () =>
      await session.open(on, 'tools/call', { name: 'wait', arguments: { gate: gate() }, task: {} });
    await (await call()).all();
    const refused = await call();
    const { response } = refused;
    expect((await refused.all())[0]).toMatchObject(refusalBody('startsPerMinute', 1));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('60');
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  it('limits the streams of sessions, and frees their places', async () => {
    const on = await limited({ streams: { perOwner: 2, perProcess: 100 } });
    const session = await Session.begin(on, {}, ann.authInfo);
    const [first, second, third] = [await session.listen(on), await session.listen(on), await session.listen(on)];
    expect([first, second, third].map(({ response }) => response.status)).toEqual([200, 200, 429]);
    const [refused] = await third.all();
    expect(refused).toMatchObject(refusalBody('streams', 2));
    const theirs = await (await Session.begin(on, {}, bob.authInfo)).listen(on);
    expect(theirs.response.status).toBe(200);
    await first.drop();
    const again = await session.listen(on);
    expect(again.response.status).toBe(200);
    for (const stream of [second, again, theirs]) await stream.drop();
  });

  it('limits pending tasks/result of a session', async () => {
    const on = await limited({ waitingRequests: { perOwner: 1, perProcess: 100 } });
    const session = await Session.begin(on, {}, ann.authInfo);
    const mine = gate();
    const { taskId } = (await session.request(on, 'tools/call', { name: 'wait', arguments: { gate: mine }, task: {} }))
      .result.task;
    const pending = await session.open(on, 'tasks/result', { taskId });
    const { response } = await session.open(on, 'tasks/result', { taskId });
    expect(response.status).toBe(429);
    release(mine);
    await pending.all();
    expect((await session.request(on, 'tasks/result', { taskId })).result.content).toBeDefined();
  });

  it('keeps only a few bytes of the tasks that sessions know', async () => {
    const bytes = async (limits: LimitOptions) => {
      const temporal = { address: inject('temporalAddress') };
      const core = await connectTasks({ tools, key, temporal, limits, logger: silent, taskQueue: 'nobody' });
      open.push(async () => await core.close());
      const { service } = core;
      const handler =
        sdk === 'v1'
          ? v1Handler(service, (authInfo) => Peer.http(undefined, authInfo, silent), v1Server, {})
          : httpHandler(service, undefined, () => new McpServer({ name: 'test', version: '1.0.0' }), {});
      const session = await Session.begin(handler, {}, ann.authInfo);
      const call = { name: 'wait', arguments: { gate: 'x'.repeat(100_000) }, task: {} };
      for (let n = 0; n < 5; n++) {
        const _meta = { progressToken: 't'.repeat(n === 0 ? 1_000_000 : 256) };
        const { error } = await session.request(handler, 'tools/call', { ...call, _meta });
        expect(error?.code).toBe(n === 0 ? -32602 : undefined);
      }
      return service.sessions.bytes;
    };
    expect(await bytes({})).toBeGreaterThan(4 * 200);
    expect(await bytes({})).toBeLessThan(4 * 1_000);
    expect(await bytes({ sessionBytes: { perOwner: 700, perProcess: 10_000 } })).toBeLessThan(1_000);
  });

  it('refuses responses while too many others are unread', async () => {
    const on = await limited({ unreadBytes: { perOwner: 150_000, perProcess: 10_000_000 } });
    const call = { name: 'large', arguments: { size: 50_000 } };
    const { taskId } = (await send2025(on, 'tools/call', { ...call, task: {} }, ann)).result.task;
    await send2025(on, 'tasks/result', { taskId }, ann);
    const session = await Session.begin(on, {}, ann.authInfo);
    const uri = 'http://127.0.0.1/mcp';
    const unread = async (): Promise<Response> =>
      await on.fetch(
        new Request(uri, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-session-id': session.id,
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/result', params: { taskId } }),
        }),
        ann,
      );
    const responses: Response[] = [];
    await vi.waitFor(async () => {
      responses.push(await unread());
      expect(responses.at(-1)?.status).toBe(429);
    }, 20_000);
    expect(responses.length).toBeLessThan(10);
    expect(await responses.at(-1)?.json()).toMatchObject(refusalBody('unreadBytes', 150_000));
    expect((await send2025(on, 'tasks/get', { taskId }, bob)).error?.code).toBe(-32602);
    // One that the server has cut off is over already, and cannot be cancelled.
    for (const { body } of responses) if (body && !body.locked) await body.cancel().catch(() => undefined);
    expect((await send2025(on, 'tasks/get', { taskId }, ann)).status).toBe(200);
  });

  const refusalBody = (limit: string, allowed: number) => ({
    error: { code: -32010, data: { limit, allowed, retryAfterMs: expect.any(Number) as number } },
  });
});

describe("on the v1 SDK's own transports", () => {
  let stack: Stack<V1DurableTasks>;
  beforeAll(async () => {
    stack = await startStackOf(V1DurableTasks, tools, {
      limits: { streams: { perOwner: 1, perProcess: 2 }, waitingRequests: { perOwner: 1, perProcess: 2 } },
    });
  });
  afterAll(async () => await stack.close());
  const server = (): V1McpServer => {
    const mcp = v1Server();
    stack.tasks.attach(mcp);
    return mcp;
  };

  it('streams of sessions are limited, and their places freed', async () => {
    const [one, two] = [sessionful(server), sessionful(server)];
    const first = await Session.begin(one, {}, ann.authInfo);
    const second = await Session.begin(two, {}, ann.authInfo);
    const stream = await first.listen(one);
    const refused = await second.listen(two);
    expect(refused.response.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('1');
    const theirs = await (await Session.begin(two, {}, bob.authInfo)).listen(two);
    expect(theirs.response.status).toBe(200);
    await stream.drop();
    const again = await second.listen(two);
    expect(again.response.status).toBe(200);
    await again.drop();
    await theirs.drop();
  });

  it('a session that ends frees its streams', async () => {
    const on = sessionful(server);
    const session = await Session.begin(on, {}, ann.authInfo);
    const stream = await session.listen(on);
    expect(stream.response.status).toBe(200);
    const headers = { 'mcp-session-id': session.id, 'mcp-protocol-version': '2025-11-25' };
    const ended = await on.fetch(new Request('http://127.0.0.1/mcp', { method: 'DELETE', headers }), ann);
    expect(ended.status).toBe(200);
    await stream.ended;
    const other = sessionful(server);
    const next = await (await Session.begin(other, {}, ann.authInfo)).listen(other);
    expect(next.response.status).toBe(200);
    await next.drop();
  });

  it('a refused request gets the error, without its HTTP status', async () => {
    const on = sessionful(server);
    const session = await Session.begin(on, {}, ann.authInfo);
    const call = async () => await session.open(on, 'tools/call', { name: 'wait', arguments: { gate: gate() } });
    const first = await call();
    const refused = await call();
    expect((await refused.all())[0]?.error).toMatchObject({
      code: -32010,
      data: { limit: 'waitingRequests', allowed: 1 },
    });
    expect(refused.response.status).toBe(200);
    await first.drop();
  });
});

it('over stdio, subscriptions are limited, and their places freed, by the end of a connection too', async () => {
  const stack = await startStack(tools, { limits: { subscriptions: { perProcess: 1 } } });
  const connection = async () => {
    const [client, transport] = InMemoryTransport.createLinkedPair();
    const server = stack.tasks.stdio(() => new McpServer({ name: 'test', version: '1.0.0' }), { transport });
    const received: JSONRPCMessage[] = [];
    client.onmessage = (message) => void received.push(message);
    await client.start();
    return {
      server,
      send: async (message: JSONRPCMessage): Promise<void> => await client.send(message),
      subscribe: async (id: string): Promise<void> =>
        await client.send({
          jsonrpc: '2.0',
          id,
          method: 'subscriptions/listen',
          params: {
            // Otherwise a subscription to tasks alone ends at once, because there are none.
            notifications: { taskIds: [], toolsListChanged: true },
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
              'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
            },
          },
        }),
      answer: async (fits: (message: JSONRPCMessage) => boolean): Promise<JSONRPCMessage> =>
        await vi.waitFor(() => {
          const found = received.find(fits);
          if (!found) throw new Error('not yet');
          return found;
        }, 20_000),
    };
  };
  const acknowledged = (id: string) => (message: JSONRPCMessage) =>
    'method' in message &&
    message.params?.['_meta'] !== undefined &&
    JSON.stringify(message.params['_meta']).includes(`"${id}"`);
  const first = await connection();
  await first.subscribe('one');
  await first.answer(acknowledged('one'));
  await first.subscribe('two');
  expect(await first.answer((message) => 'id' in message && message.id === 'two')).toMatchObject({
    error: { code: -32010, data: { limit: 'subscriptions', allowed: 1, retryAfterMs: 1_000 } },
  });
  await first.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'one' } });
  await first.subscribe('three');
  await first.answer(acknowledged('three'));
  await first.server.close();
  const second = await connection();
  await second.subscribe('four');
  await second.answer(acknowledged('four'));
  await second.server.close();
  await stack.close();
});

it('a wrong limit in a gateway file or in the options is refused at the start', async () => {
  const gateway = await serveGateway(
    { tools: [{ name: 'load', workflow: 'Load' }], limits: { streams: { perOwner: 0.5 as number } } },
    { key },
  ).catch((error: unknown) => error);
  expect(String(gateway)).toContain('limits');
  await expect(startStack(tools, { limits: { streams: { perOwner: 0 } } })).rejects.toThrow(
    'limits.streams.perOwner: write a whole number above 0, or false for no limit',
  );
});

describe('serveHttp', () => {
  it('closes the connection of a client that does not read', async () => {
    const warn = vi.fn<Logger['warn']>();
    const stack = await startStack(tools);
    await stack.startWorker();
    const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
    const server = await serveHttp(handler, { port: 0, readTimeout: '200 ms', logger: { ...silent, warn } });
    const call = { name: 'large', arguments: { size: 900_000 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
    const request = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    // More answers than the sockets' own buffers take.
    socket.write(request.repeat(20));
    socket.pause();
    await vi.waitFor(
      () => expect(warn).toHaveBeenCalledWith(expect.any(Object), 'closed a connection whose client does not read'),
      { timeout: 20_000, interval: 50 },
    );
    socket.destroy();
    await server.close();
    await stack.close();
  });

  it('takes bodies up to the limit, also above the default', async () => {
    const stack = await startStack(tools, { limits: { requestBytes: 6_000_000 } });
    const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
    const server = await serveHttp(handler, { port: 0, logger: silent });
    const post = async (size: number): Promise<number> =>
      (
        await fetch(server.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: { x: 'x'.repeat(size) } } }),
        })
      ).status;
    expect([await post(5_000_000), await post(7_000_000)]).toEqual([200, 413]);
    await server.close();
    await stack.close();
  });
});
