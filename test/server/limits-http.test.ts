/** The limits for a whole server process over real HTTP: the status, when to try again, and what frees a place. */
import { connect } from 'node:net';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, serveHttp } from '../../src/index.js';
import type { LimitOptions } from '../../src/mcp/quota/table.js';
import { DurableTasks as V1DurableTasks, serveHttp as serveV1, type FetchHandler } from '../../src/sdk/index.js';
import { v1Server } from '../helpers/adapters.js';
import { trustBearers } from '../helpers/bearers.js';
import { reached, release } from '../helpers/gated.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { Incoming, Session, type Endpoint, type Message } from '../helpers/session-client.js';
import { silent, startStack, startStackOf, type Stack } from '../helpers/stack.js';

const tools = [
  defineTool({
    name: 'wait',
    inputSchema: z.object({ gate: z.string(), numbers: z.array(z.number()).optional() }),
    run: async ({ gate }, ctx) => await reached(gate, ctx.signal).then(() => 'done'),
  }),
  defineTool({
    name: 'large',
    inputSchema: z.object({ size: z.number() }),
    run: async ({ size }) => await Promise.resolve('x'.repeat(size)),
  }),
];

interface Limited {
  readonly urls: readonly [string, string];
  readonly close: readonly [() => Promise<void>, () => Promise<void>];
}

/** Two servers on real ports that share one connection, and with it the limits. */
async function serveTwice(handlers: readonly [FetchHandler, FetchHandler], serve: typeof serveV1): Promise<Limited> {
  const [one, two] = await Promise.all(
    handlers.map(async (handler) => await serve(trustBearers(handler), { port: 0, logger: silent })),
  );
  if (!one || !two) throw new Error('two servers');
  return { urls: [one.url, two.url], close: [async () => await one.close(), async () => await two.close()] };
}

const sdks = {
  async v2(limits: LimitOptions, taskQueue: string) {
    const stack = await startStack(tools, { limits, taskQueue });
    const handler = () => stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
    return { stack, served: await serveTwice([handler(), handler()], serveHttp) };
  },
  async v1(limits: LimitOptions, taskQueue: string) {
    const stack = await startStackOf(V1DurableTasks, tools, { limits, taskQueue });
    const handler = () => stack.tasks.handler(v1Server);
    return { stack, served: await serveTwice([handler(), handler()], serveV1) };
  },
};

const gate = (): string => crypto.randomUUID();
const user = (name: string): string => `${name}-${crypto.randomUUID()}`;
const at = (url: string, name: string): Endpoint => ({
  fetch: async ({ method, headers, body, signal }) =>
    await fetch(url, {
      method,
      headers: { ...Object.fromEntries(headers), authorization: `Bearer ${name}` },
      signal,
      ...(body ? { body, duplex: 'half' } : {}),
    }),
});

describe.each(['v2', 'v1'] as const)('%s SDK', (sdk) => {
  const taskQueue = `test-${crypto.randomUUID()}`;
  let worker: Stack;
  const open: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    worker = await startStack(tools, { taskQueue });
    await worker.startWorker();
  });
  afterEach(async () => {
    vi.useRealTimers();
    for (const close of open.splice(0)) await close();
  });
  afterAll(async () => await worker.close());

  async function limited(limits: LimitOptions): Promise<Limited> {
    const { stack, served } = await sdks[sdk](limits, taskQueue);
    open.push(async () => {
      for (const close of served.close) await close();
      await stack.close();
    });
    return served;
  }

  const refusal = (limit: string, allowed: number, retryAfterMs: unknown = expect.any(Number)) => ({
    error: {
      code: -32010,
      message: expect.stringContaining('for all callers of this server') as string,
      data: { limit, allowed, retryAfterMs },
    },
  });

  async function expectRefused(incoming: Incoming, limit: string, allowed: number, retryAfter: string): Promise<void> {
    const { response } = incoming;
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect((await incoming.all())[0]).toMatchObject(refusal(limit, allowed));
  }

  const call = (more: object = {}, asTask: object = { task: {} }) => ({
    name: 'wait',
    arguments: { gate: gate() },
    ...asTask,
    ...more,
  });

  it('starts and running tasks are limited for all callers', async () => {
    for (const [limit, retryAfter] of [
      ['startsPerMinute', '60'],
      ['runningTasks', '2'],
    ] as const) {
      vi.useFakeTimers({ toFake: ['performance'] });
      const { urls } = await limited({ [limit]: { perProcess: 1 } });
      const [ann, bob] = [at(urls[0], user('ann')), at(urls[1], user('bob'))];
      const first = await (await Session.begin(ann)).request(ann, 'tools/call', call());
      expect(first.result?.task).toBeDefined();
      await expectRefused(await (await Session.begin(bob)).open(bob, 'tools/call', call()), limit, 1, retryAfter);
      vi.useRealTimers();
    }
  });

  it('requests about tasks are limited for all callers', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { urls } = await limited({ readsPerSecond: { perProcess: 1 } });
    const get = { taskId: 'mcp-none' };
    expect((await send2025(at(urls[0], 'ann'), 'tasks/get', get)).error?.code).toBe(-32602);
    expect(await send2025(at(urls[1], 'bob'), 'tasks/get', get)).toMatchObject({
      status: 429,
      ...refusal('readsPerSecond', 1),
    });
  });

  interface Caller {
    readonly on: Endpoint;
    readonly session: Session;
  }
  async function caller(url: string, name: string): Promise<Caller> {
    const on = at(url, user(name));
    return { on, session: await Session.begin(on) };
  }

  /** Opens what counts for a limit. @param end a gate: once it is released, what was opened ends, if it can */
  type Opens = (caller: Caller, end: string) => Promise<Incoming>;
  const result =
    (padding: number): Opens =>
    async ({ on, session }, end) => {
      const begun = await session.open(on, 'tools/call', { ...call(), arguments: { gate: end } });
      if (begun.response.status !== 200) return begun;
      const { taskId } = ((await begun.all())[0] as { result: { task: { taskId: string } } }).result.task;
      return await session.open(on, 'tasks/result', { taskId, _meta: { padding: 'x'.repeat(padding) } });
    };
  async function subscription({ on }: Caller): Promise<Incoming> {
    let stream: Incoming | undefined;
    const keeping: Endpoint = {
      async fetch(request) {
        stream = new Incoming(await on.fetch(request));
        return Response.json({});
      },
    };
    await send2026(keeping, 'subscriptions/listen', { notifications: { taskIds: [], toolsListChanged: true } });
    return stream as Incoming;
  }
  const held: [string, number, Opens][] = [
    ['streams', 1, async ({ on, session }) => await session.listen(on)],
    ['waitingRequests', 1, result(0)],
    ['unansweredBytes', 10_000, result(20_000)],
    ...(sdk === 'v1' ? [] : ([['subscriptions', 1, subscription]] as [string, number, Opens][])),
  ];

  it.each(held)(
    '%s are limited for all callers, and freed by the end, a hang-up and the close of the server',
    async (limit, allowed, opens) => {
      const { urls, close } = await limited({ [limit]: { perProcess: allowed } });
      const [ann, bob, eve] = [
        await caller(urls[0], 'ann'),
        await caller(urls[1], 'bob'),
        await caller(urls[0], 'eve'),
      ];
      const end = gate();
      const first = await opens(ann, end);
      expect(first.response.status).toBe(200);
      await expectRefused(await opens(bob, gate()), limit, allowed, '1');
      /** Opens another one, as soon as there is a place. */
      const another = async (by: Caller): Promise<Incoming> =>
        await vi.waitFor(async () => {
          const opened = await opens(by, gate());
          if (opened.response.status !== 200) await opened.drop();
          expect(opened.response.status).toBe(200);
          return opened;
        }, 10_000);
      release(end);
      await (limit === 'streams' || limit === 'subscriptions' ? first.drop() : first.all());
      const second = await another(eve);
      await second.drop();
      const third = await another(eve);
      const over = third.ended.catch(() => undefined);
      await close[0]();
      await over;
      const fourth = await another(bob);
      await fourth.drop();
    },
  );

  it('callers without a token share one limit, once a token has been seen', async () => {
    const { urls } = await limited({ streams: { perOwner: 1, perProcess: 10 } });
    const nobody: Endpoint = {
      fetch: async ({ method, headers, body, signal }) =>
        await fetch(urls[0], { method, headers, signal, ...(body ? { body, duplex: 'half' } : {}) }),
    };
    const listen = async (on: Endpoint): Promise<Incoming> => await (await Session.begin(on)).listen(on);
    const alone = [await listen(nobody), await listen(nobody)];
    expect(alone.map(({ response }) => response.status)).toEqual([200, 200]);
    for (const stream of alone) await stream.drop();
    const ann = await listen(at(urls[1], user('ann')));
    const first = await vi.waitFor(async () => {
      const stream = await listen(nobody);
      expect(stream.response.status).toBe(200);
      return stream;
    }, 20_000);
    const refused = await listen(nobody);
    expect(refused.response.status).toBe(429);
    expect((await refused.all())[0]?.error).toMatchObject({
      message: expect.stringContaining('for all callers without an access token') as string,
      data: { limit: 'streams', allowed: 1 },
    });
    for (const stream of [ann, first]) await stream.drop();
  });

  it('bodies that have arrived only in part count too, until their connection closes', async () => {
    const { urls } = await limited({ unansweredBytes: { perProcess: 100_000 } });
    const socket = connect(Number(new URL(urls[0]).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${user('ann')}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: 300000\r\n\r\n"${'x'.repeat(200_000)}`,
    );
    const bob = at(urls[1], user('bob'));
    const ping = async () => await send2025(bob, 'ping', {});
    const refused = await vi.waitFor(async () => {
      const answer = await ping();
      expect(answer.status).toBe(429);
      return answer;
    }, 20_000);
    expect(refused).toMatchObject(refusal('unansweredBytes', 100_000, 1_000));
    socket.destroy();
    await vi.waitFor(async () => expect((await ping()).status).toBe(200), 20_000);
  });

  // The v1 SDK's adapter closes the whole connection of a stream that is cut off, so there is room again at once.
  it.runIf(sdk === 'v2')(
    'responses that one caller leaves unread are limited for all, until its connection closes',
    async () => {
      const { urls } = await limited({ unreadBytes: { perOwner: 3_000_000, perProcess: 3_000_000 } });
      const name = user('ann');
      const ann = at(urls[0], name);
      const session = await Session.begin(ann);
      const { taskId } = (
        (await session.request(ann, 'tools/call', {
          name: 'large',
          arguments: { size: 900_000 },
          task: {},
        })) as { result: { task: { taskId: string } } }
      ).result.task;
      await session.request(ann, 'tasks/result', { taskId });
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/result', params: { taskId } });
      const request = `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${name}\r\nmcp-session-id: ${session.id}\r\nmcp-protocol-version: 2025-11-25\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      const sockets = Array.from({ length: 8 }, () => {
        const socket = connect(Number(new URL(urls[0]).port), '127.0.0.1');
        socket.on('error', () => undefined);
        return socket.pause();
      });
      const bob = at(urls[1], user('bob'));
      const ping = async () => await send2025(bob, 'ping', {});
      const refused = await vi.waitFor(async () => {
        // One after the other, because the sockets' own buffers take the first ones.
        for (const socket of sockets) socket.write(request);
        const answer = await ping();
        expect(answer.status).toBe(429);
        return answer;
      }, 20_000);
      expect(refused).toMatchObject(refusal('unreadBytes', 3_000_000, 1_000));
      for (const socket of sockets) socket.destroy();
      await vi.waitFor(async () => expect((await ping()).status).toBe(200), 10_000);
    },
  );

  it('a request with too many values is refused before anything checks them', async () => {
    const { urls } = await limited({ requestValues: 1_000 });
    const send = async (numbers: number, wrong: boolean): Promise<{ status: number; message: Message | undefined }> => {
      const on = at(urls[0], user('ann'));
      const session = await Session.begin(on);
      const values = Array.from({ length: numbers }, (_, n) => (wrong ? 'x' : n));
      const incoming = await session.open(on, 'tools/call', {
        ...call(),
        arguments: { gate: gate(), numbers: values },
      });
      return { status: incoming.response.status, message: (await incoming.all())[0] };
    };
    expect((await send(900, false)).message?.result?.task).toBeDefined();
    expect((await send(900, true)).message?.error?.message).toContain('expected number');
    const refused = await send(1_000, true);
    expect(refused.status).toBe(413);
    expect(refused.message).toMatchObject({
      id: expect.any(Number) as number,
      error: {
        code: -32000,
        message:
          "Payload Too Large: the request contains more than 1,000 values (each text, number, list, object and so on counts). Send fewer at once, or pass a file's path or URL instead of its content.",
      },
    });
  });
});

it('2026-07-28: a subscription to wrong IDs is refused without describing each of them', async () => {
  const stack = await startStack(tools);
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  const refused = await send2026(handler, 'subscriptions/listen', {
    notifications: { taskIds: Array.from({ length: 100_000 }, () => 1) },
  });
  expect(refused).toMatchObject({ status: 413, error: { code: -32000 } });
  await stack.close();
});
