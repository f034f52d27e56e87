/** Requests whose client disconnects, cancels them, or loses authorization. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import type { FetchHandler } from '../../src/sdk/index.js';
import { adapters } from '../helpers/adapters.js';
import { listen, type Listening } from '../helpers/http.js';
import type { Stack } from '../helpers/stack.js';
import { send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';

let begun: (id: string) => void;
const tool = defineTool({
  name: 'long',
  inputSchema: z.object({}),
  async run(_, ctx) {
    begun(ctx.taskId);
    ctx.progress(1);
    return await new Promise((_resolve, reject) =>
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
    );
  },
});

const brief = defineTool({
  name: 'brief',
  inputSchema: z.object({}),
  async run(_, ctx) {
    begun(ctx.taskId);
    return await new Promise<{ secret: boolean }>((resolve) => setTimeout(() => resolve({ secret: true }), 3_000));
  },
});

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let handler: FetchHandler;
  let server: Listening;
  beforeAll(async () => {
    ({ stack, handler } = await adapt([tool, brief]));
    await stack.startWorker();
    server = await listen(handler);
  });
  afterAll(async () => {
    await server.close();
    await stack.close();
  });

  /** Calls the tool over a real connection and hangs up once it runs. @returns the task's ID */
  async function callAndHangUp(headers: object, meta: object): Promise<string> {
    const started = new Promise<string>((resolve) => (begun = resolve));
    const abort = new AbortController();
    const call = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'long', arguments: {}, ...meta },
      }),
      signal: abort.signal,
    }).then(async (response) => await response.text());
    const id = await started;
    abort.abort();
    await expect(call).rejects.toThrow('abort');
    return id;
  }

  it.skipIf(sdk === 'v1')('a dropped call is cancelled in 2026-07-28, as that version requires', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'long' };
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    };
    const id = await callAndHangUp(headers, { _meta });
    expect((await stack.tasks.engine.result('anonymous', id, AbortSignal.timeout(20_000))).outcome).toEqual({
      kind: 'cancelled',
    });
  });

  it('a dropped call keeps running in 2025-11-25', async () => {
    const { engine } = stack.tasks;
    const id = await callAndHangUp({ 'mcp-protocol-version': '2025-11-25' }, {});
    // Once the server has answered another request, it has noticed the closed connection.
    expect((await fetch(server.url, { method: 'GET' })).status).toBe(405);
    expect((await engine.get('anonymous', id)).outcome).toBeUndefined();
    await engine.cancel('anonymous', id);
  });

  describe('`notifications/cancelled` of 2025-11-25', () => {
    it('cancels a call', async () => {
      const session = await Session.begin(handler);
      const started = new Promise<string>((resolve) => (begun = resolve));
      const call = await session.open(handler, 'tools/call', { name: 'long' });
      const id = await started;
      await session.notify(handler, 'notifications/cancelled', { requestId: call.requestId });
      expect((await stack.tasks.engine.result('anonymous', id)).outcome).toEqual({ kind: 'cancelled' });
    });

    it('ends a pending `tasks/result`, but not its task or requests of other sessions', async () => {
      const session = await Session.begin(handler);
      const { taskId } = (await session.request(handler, 'tools/call', { name: 'long', task: {} })).result.task;
      const result = await session.open(handler, 'tasks/result', { taskId });
      await (await Session.begin(handler)).notify(handler, 'notifications/cancelled', { requestId: result.requestId });
      await session.notify(handler, 'notifications/cancelled', { requestId: String(result.requestId) });
      expect(result.messages).toEqual([]);
      await session.notify(handler, 'notifications/cancelled', { requestId: result.requestId });
      await result.ended;
      expect(result.messages).toEqual([]);
      expect((await session.request(handler, 'tasks/get', { taskId })).result.status).toBe('working');
      await session.request(handler, 'tasks/cancel', { taskId });
    });
  });

  it('a body that is too large is refused immediately', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const response = await handler.fetch(
      new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body: `"${'x'.repeat(5 * 1024 * 1024)}"` }),
    );
    expect(response.status).toBe(413);
  });

  describe('an expired token', () => {
    const soon = () => ({
      token: 't',
      clientId: 'c',
      scopes: [],
      extra: { iss: 'https://issuer.example', sub: 'ann' },
      expiresAt: Date.now() / 1000 + 1.5,
    });
    const owner = 'token\0https://issuer.example\0ann';

    it('ends a pending `tasks/result` without an answer', async () => {
      const session = await Session.begin(handler, {}, soon());
      const { taskId } = (await session.request(handler, 'tools/call', { name: 'long', task: {} })).result.task;
      const result = await session.open(handler, 'tasks/result', { taskId });
      await result.ended;
      expect(result.messages).toEqual([]);
      await stack.tasks.engine.cancel(owner, taskId);
    });

    it.skipIf(sdk === 'v1')('ends the stream of a call in 2026-07-28, but not the call', async () => {
      const started = new Promise<string>((resolve) => (begun = resolve));
      const reply = await send2026(
        handler,
        'tools/call',
        { name: 'long' },
        { capabilities: {}, authInfo: soon(), meta: { progressToken: 1 } },
      );
      expect(reply.result).toBeUndefined();
      // There is an answer if the token expired before the first progress opened a stream.
      expect([undefined, expect.stringContaining('access token expired')]).toContainEqual(reply.error?.message);
      const id = await started;
      expect((await stack.tasks.engine.get(owner, id)).outcome).toBeUndefined();
      await stack.tasks.engine.cancel(owner, id);
    });

    it.skipIf(sdk === 'v1')('delivers no result of a call in 2026-07-28 that ends later', async () => {
      const started = new Promise<string>((resolve) => (begun = resolve));
      const authInfo = soon();
      const reply = await send2026(handler, 'tools/call', { name: 'brief' }, { capabilities: {}, authInfo });
      expect(reply.result).toBeUndefined();
      const id = await started;
      expect((await stack.tasks.engine.result(owner, id)).outcome).toMatchObject({ kind: 'result' });
    });
  });
});
