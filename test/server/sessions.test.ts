/** 2025-11-25 sessions without affinity, and the task notifications on their streams. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import type { Stack } from '../helpers/stack.js';
import { Session, type Endpoint, type Incoming, type Message } from '../helpers/session-client.js';

const RELATED = 'io.modelcontextprotocol/related-task';
/** Callbacks that let a waiting step continue, by gate name. */
const gates = new Map<string, () => void>();
const open = (gate: string): void => gates.get(gate)?.();
const tools = [
  defineTool({
    name: 'quick',
    inputSchema: z.object({}),
    immediateResponse: 'Running; ask me later.',
    run: async () => await Promise.resolve('done'),
  }),
  defineTool({
    name: 'only-a-task',
    inputSchema: z.object({}),
    taskSupport: 'required',
    run: async () => await Promise.resolve('done'),
  }),
  defineTool({
    name: 'retried',
    inputSchema: z.object({ gate: z.string() }),
    retry: { maximumAttempts: 2, initialInterval: '10 ms' },
    async run({ gate }, ctx) {
      // A second attempt starts over, so it first reports less than the first attempt did.
      ctx.progress(ctx.attempt === 1 ? 5 : 2, 10, 'rows');
      if (ctx.attempt === 2) ctx.progress(6, 10, 'rows');
      await new Promise<void>((resolve) => gates.set(gate, resolve));
      if (ctx.attempt === 1) throw new Error('unlucky');
    },
  }),
];

describe.each(adapters)('%s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let other: Stack<TasksConnection>;
  let a: Endpoint & { close(): Promise<void> };
  let b: Endpoint & { close(): Promise<void> };
  beforeAll(async () => {
    ({ stack, handler: a } = await adapt(tools, { pollInterval: '50 ms' }));
    ({ stack: other, handler: b } = await adapt(tools, { taskQueue: stack.tasks.taskQueue }));
    await stack.startWorker({ defaultHeartbeatThrottleInterval: 50, maxHeartbeatThrottleInterval: 50 });
  });
  afterAll(async () => {
    await stack.close();
    await other.close();
  });

  const user = (sub: string, expiresAt?: number) => ({
    token: sub,
    clientId: 'c',
    scopes: [],
    extra: { iss: 'https://issuer.example', sub },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const of = (incoming: Incoming, method: string): Message[] =>
    incoming.messages.filter((message) => message.method === method);

  describe('a session', () => {
    it('has an ID of visible ASCII that is unique and known at every replica', async () => {
      const session = await Session.begin(a);
      expect(session.id).toMatch(/^[\x21-\x7e]+$/);
      expect((await Session.begin(a)).id).not.toBe(session.id);
      expect((await session.request(b, 'tools/list')).result.tools).toHaveLength(4);
    });

    it('begins and goes on with clients that send the header Mcp-Method in this version too', async () => {
      const headers = { 'mcp-method': 'initialize' };
      const session = await Session.begin(a, {}, undefined, { headers });
      expect(session.id).toMatch(/^[\x21-\x7e]+$/);
      const named = { 'mcp-method': 'tools/list' };
      expect((await session.request(b, 'tools/list', {}, named)).result.tools).toHaveLength(4);
      const foreign = new Session(`${session.id}x`, undefined);
      expect((await foreign.request(b, 'tools/list', {}, named)).error.message).toBe('Session not found');
    });

    it.each(['2024-11-05', '2025-03-26', '2025-06-18'])('of %s lists nothing about tasks', async (version) => {
      const ann = user('ann');
      const { begun } = await Session.begin(a, {}, ann);
      expect(begun.result.capabilities).toHaveProperty('tasks');
      const session = await Session.begin(a, {}, ann, { version });
      const { protocolVersion, capabilities } = session.begun.result;
      expect([protocolVersion, capabilities.tasks, capabilities.extensions]).toEqual([version, undefined, undefined]);
      const { tools: listed } = (await session.request(b, 'tools/list')).result;
      expect(listed.map(({ name }: { name: string }) => name).toSorted()).toEqual(['plain', 'quick', 'retried']);
      expect(JSON.stringify(listed)).not.toContain('taskSupport');
      const { result } = await session.request(b, 'tools/call', { name: 'quick', arguments: null });
      expect(result.content).toEqual([{ type: 'text', text: 'done' }]);
    });

    it('has its owner resolved once a request', async () => {
      const owner = vi.fn<() => string>(() => 'ann');
      const ruled = await adapt(tools, { taskQueue: stack.tasks.taskQueue, owner });
      const session = await Session.begin(ruled.handler);
      expect(owner).toHaveBeenCalledTimes(1);
      await session.request(ruled.handler, 'tools/call', { name: 'quick', arguments: {}, task: {} });
      expect(owner).toHaveBeenCalledTimes(2);
      await session.request(ruled.handler, 'tasks/list');
      expect(owner).toHaveBeenCalledTimes(3);
      await ruled.stack.close();
    });

    it.each([
      ['the ID of another owner’s session', (id: string) => ({ id, authInfo: user('mallory') })],
      ['a forged ID', (id: string) => ({ id: `${id.split('.')[0]}.${'x'.repeat(22)}`, authInfo: undefined })],
      ['a malformed ID', () => ({ id: 'session-1', authInfo: undefined })],
    ])('%s is answered 404', async (_, given) => {
      const { id, authInfo } = given((await Session.begin(a)).id);
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': id,
      };
      for (const request of [
        new Request('http://127.0.0.1/mcp', {
          method: 'POST',
          headers,
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
        }),
        new Request('http://127.0.0.1/mcp', { headers }),
      ]) {
        const response = await a.fetch(request, authInfo ? { authInfo } : {});
        expect([response.status, await response.json()]).toEqual([
          404,
          { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
        ]);
      }
    });

    it('expires after thirty days', async () => {
      const session = await Session.begin(a);
      vi.useFakeTimers({ now: Date.now() + 31 * 24 * 60 * 60_000, toFake: ['Date'] });
      expect((await session.request(a, 'tools/list')).error.message).toBe('Session not found');
      vi.useRealTimers();
    });

    it('is optional, except for GET', async () => {
      expect(
        (await a.fetch(new Request('http://127.0.0.1/mcp', { headers: { accept: 'text/event-stream' } }))).status,
      ).toBe(405);
      const session = await Session.begin(a);
      expect(
        (
          await a.fetch(
            new Request('http://127.0.0.1/mcp', {
              headers: { 'mcp-session-id': session.id, accept: 'application/json' },
            }),
          )
        ).status,
      ).toBe(406);
    });
  });

  describe('its stream', () => {
    it('ends when its token expires or the server closes', async () => {
      const session = await Session.begin(a, {}, user('ann', Math.floor(Date.now() / 1000)));
      await (
        await session.listen(a)
      ).ended;
      const { stack: mine, handler } = await adapt(tools, { limits: { streams: { perProcess: 1 } } });
      const later = await Session.begin(handler);
      const stream = await later.listen(handler);
      expect((await later.listen(handler)).response.status).toBe(429);
      await handler.close();
      await stream.ended;
      await mine.close();
    });

    it('gets each status change once, with the whole task', async () => {
      const session = await Session.begin(a);
      const stream = await session.listen(a);
      const second = await session.listen(a);
      const { task, _meta } = (await session.request(a, 'tools/call', { name: 'quick', task: {} })).result;
      expect(_meta).toEqual({ 'io.modelcontextprotocol/model-immediate-response': 'Running; ask me later.' });
      const told = await second.next(({ method }) => method === 'notifications/tasks/status');
      const got = (await session.request(a, 'tasks/get', { taskId: task.taskId })).result;
      expect(told.params).toEqual(got);
      expect(got.status).toBe('completed');
      expect(of(stream, 'notifications/tasks/status')).toEqual([]);
      await stream.drop();
      await second.drop();
    });
  });

  it('progress of a task carries its token and task ID, increases across attempts, and goes only to its own session', async () => {
    const session = await Session.begin(a);
    const stream = await session.listen(a);
    const bystander = await Session.begin(a);
    const aside = await bystander.listen(a);
    const gate = crypto.randomUUID();
    const { taskId } = (
      await session.request(a, 'tools/call', {
        name: 'retried',
        arguments: { gate },
        task: {},
        _meta: { progressToken: 'mine' },
      })
    ).result.task;
    await bystander.request(a, 'tasks/get', { taskId });
    const result = await bystander.open(a, 'tasks/result', { taskId });
    expect((await stream.next(({ method }) => method === 'notifications/progress')).params).toEqual({
      progressToken: 'mine',
      progress: 5,
      total: 10,
      message: 'rows',
      _meta: { [RELATED]: { taskId } },
    });
    open(gate);
    await stream.next(({ method, params }) => method === 'notifications/progress' && params.progress === 6);
    open(gate);
    await result.next(({ id }) => id === result.requestId);
    expect(of(stream, 'notifications/progress').map(({ params }) => params.progress as number)).toEqual([5, 6]);
    expect([...of(aside, 'notifications/progress'), ...of(result, 'notifications/progress')]).toEqual([]);
    await stream.drop();
    await aside.drop();
  });

  it('progress of an awaited call carries no task ID', async () => {
    const session = await Session.begin(a);
    const gate = crypto.randomUUID();
    const call = await session.open(b, 'tools/call', {
      name: 'retried',
      arguments: { gate },
      _meta: { progressToken: 7 },
    });
    expect((await call.next(({ method }) => method === 'notifications/progress')).params).toEqual({
      progressToken: 7,
      progress: 5,
      total: 10,
      message: 'rows',
    });
    open(gate);
    await call.next(({ params }) => params?.progress === 6);
    open(gate);
    await call.next(({ id }) => id === call.requestId);
  });
});
