/**
 * Requests that are answered in front of the SDK: which ones they are, and that nobody can tell from the answer.
 * @module
 */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineTool } from '../../src/index.js';
import { adapters, type Adapted } from '../helpers/adapters.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';
import { startStack, type Stack } from '../helpers/stack.js';

const wait = defineTool({
  name: 'wait',
  inputSchema: z.object({ n: z.number().optional() }),
  run: async () => await new Promise<never>(() => {}),
});
const asks = defineTool({
  name: 'asks',
  inputSchema: z.object({}),
  run: async () => await Promise.resolve('done'),
  beforeStart: () => ({ message: 'Sure?', requestedSchema: { type: 'object', properties: {} } }),
});
const routed = defineTool({
  name: 'routed',
  inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
  run: async () => await Promise.resolve('done'),
});
const tools = [wait, asks, routed];

/** Encodes a header's value in a way that only the SDK decodes. */
function encoded(name: string): string {
  return `=?base64?${Buffer.from(name).toString('base64')}?=`;
}

/** How often a server of either SDK was connected: once for each request that the SDK answers. */
const connected = [vi.spyOn(McpServer.prototype, 'connect'), vi.spyOn(V1McpServer.prototype, 'connect')];
const connects = (): number => connected.reduce((sum, { mock }) => sum + mock.calls.length, 0);

afterEach(() => connected.forEach((spy) => spy.mockClear()));
afterAll(() => connected.forEach((spy) => spy.mockRestore()));

type Send = (method: string, params: Record<string, unknown>, options?: SendOptions) => Promise<Reply>;

const wires = adapters.flatMap(([sdk, adapt]) =>
  sdk === 'v2'
    ? [
        { name: '2025-11-25 on v2', adapt, modern: false },
        { name: '2026-07-28 on v2', adapt, modern: true },
      ]
    : [{ name: '2025-11-25 on v1', adapt, modern: false }],
);

describe.each(wires)('$name', ({ adapt, modern }) => {
  let adapted: Adapted;
  const send: Send = async (method, params, options) =>
    await (modern ? send2026 : send2025)(adapted.handler, method, params, options);
  /** Sends the request in a way that is as valid, but that leaves it to the SDK. */
  const sendToSdk: Send = async (method, params) =>
    modern
      ? await send(method, params, {
          headers: { 'mcp-name': encoded(String(params['taskId'] ?? params['name'])) },
        })
      : await send2025(adapted.handler, method, params, { version: '2025-06-18' });
  const call = (name: string, args: object = {}) => ({ name, arguments: args, ...(modern ? {} : { task: {} }) });
  const taskId = ({ result }: Reply): string => result.taskId ?? result.task.taskId;

  beforeAll(async () => {
    adapted = await adapt(tools);
  });
  afterAll(async () => await adapted.stack.close());

  it('answers calls that become tasks and polls of tasks without the SDK', async () => {
    const id = taskId(await send('tools/call', call('wait')));
    expect(await send('tasks/get', { taskId: id })).toMatchObject({ status: 200, result: { status: 'working' } });
    expect(await send('tasks/cancel', { taskId: id })).toMatchObject({ status: 200 });
    expect(connects()).toBe(0);
  });

  it('answers as the SDK does', async () => {
    const id = taskId(await send('tools/call', call('wait', { n: 1 })));
    const ended = taskId(await send('tools/call', call('wait', { n: 2 })));
    await send('tasks/cancel', { taskId: ended });
    // In 2026-07-28 they are part of the task.
    const results: [string, Record<string, unknown>][] = [
      ['tasks/result', { taskId: 'mcp-unknown' }],
      ['tasks/result', { taskId: ended }],
    ];
    const requests: [string, Record<string, unknown>][] = [
      ['tasks/get', { taskId: id }],
      ['tasks/get', { taskId: 'mcp-unknown' }],
      ['tools/call', call('wait', { n: 'one' })],
      ['tasks/cancel', { taskId: ended }],
      ['tasks/get', { taskId: ended }],
      ...(modern ? [] : results),
    ];
    for (const [method, params] of requests) {
      const direct = await send(method, params);
      expect(connects()).toBe(0);
      const { result, ...rest } = await sendToSdk(method, params);
      expect(connects()).toBe(1);
      expect(direct).toMatchObject({ ...rest, ...(method === 'tools/call' && result ? {} : { result }) });
      expect(Object.keys(direct.result ?? {}).toSorted()).toEqual(Object.keys(result ?? {}).toSorted());
      connected.forEach((spy) => spy.mockClear());
    }
  });

  it('leaves to the SDK what it refuses, asks or does not know', async () => {
    const wrongName = modern ? { headers: { 'mcp-name': 'other' } } : {};
    const refused = await send('tasks/get', modern ? { taskId: 'a' } : { taskId: 1 }, wrongName);
    expect(refused.error?.code).toBe(modern ? -32020 : -32602);
    expect((await send('tools/call', { name: 'plain', arguments: { x: 1 } })).result).toMatchObject({
      content: [{ text: 'plain 1' }],
    });
    const asked = await send('tools/call', call('asks'), {
      capabilities: {
        elicitation: { form: {} },
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
    });
    expect(asked.result).toMatchObject(modern ? { resultType: 'input_required' } : { task: {} });
    expect(connects()).toBe(modern ? 2 : 3);
  });

  it('refuses a request about tasks whose client does not support them', async () => {
    const reply = await send('tasks/get', { taskId: 'mcp-unknown' }, { capabilities: {} });
    expect(reply).toMatchObject(
      modern ? { status: 400, error: { code: -32021 } } : { status: 200, error: { code: -32602 } },
    );
    expect(connects()).toBe(0);
  });
});

describe('the server that the factory makes', () => {
  let stack: Stack;
  const get = async (factory: () => McpServer | Promise<McpServer>): Promise<Reply> =>
    await send2026(stack.tasks.handler(factory), 'tasks/get', { taskId: 'mcp-unknown' });

  beforeAll(async () => {
    stack = await startStack(tools);
  });
  afterAll(async () => await stack.close());

  it('is made once for each request, and closed after it', async () => {
    const events: string[] = [];
    const reply = await get(() => {
      events.push('made');
      const mcp = new McpServer({ name: 'once', version: '1' });
      mcp.server.onclose = () => events.push('closed');
      return mcp;
    });
    expect(events).toEqual(['made', 'closed']);
    expect(reply.error?.code).toBe(-32602);
  });

  it('is closed while a request waits for a task, and the wait ends with the handler', async () => {
    const open = new Set<McpServer>();
    const handler = stack.tasks.handler(() => {
      const mcp = new McpServer({ name: 'brief', version: '1' });
      open.add(mcp);
      mcp.server.onclose = () => open.delete(mcp);
      return mcp;
    });
    const { result } = await send2025(handler, 'tools/call', { name: 'wait', arguments: {}, task: {} });
    const response = await handler.fetch(
      new Request('http://127.0.0.1/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-11-25',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/result', params: { taskId: result.task.taskId } }),
      }),
    );
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(open.size).toBe(0);
    expect(connects()).toBe(0);
    await handler.close();
    expect(await response.text()).toBe(': open\n\n');
  });

  it('names itself in each result', async () => {
    const handler = stack.tasks.handler(() => new McpServer({ name: 'named', version: '7' }));
    const { result } = await send2026(handler, 'tools/call', { name: 'wait', arguments: {} });
    expect(result._meta).toEqual({ 'io.modelcontextprotocol/serverInfo': { name: 'named', version: '7' } });
    expect(connects()).toBe(0);
  });

  it('is reported by the SDK if it cannot be made, and not made again', async () => {
    const factory = vi.fn<() => McpServer>(() => {
      throw new Error('no server today');
    });
    expect(await get(factory)).toMatchObject({ status: 500, error: { code: -32603 } });
    expect(factory).toHaveBeenCalledOnce();
  });

  it('must be a new one', async () => {
    const mcp = new McpServer({ name: 'shared', version: '1' });
    await mcp.connect(InMemoryTransport.createLinkedPair()[0]);
    expect(await get(() => mcp)).toMatchObject({ status: 500, error: { code: -32603 } });
    await mcp.close();
  });
});

it('only POST requests are answered', async () => {
  const stack = await startStack(tools);
  const handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1' }));
  for (const version of ['2025-11-25', '2026-07-28']) {
    const parsedBody = { jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId: 'mcp-unknown' } };
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
    };
    const init = { method: 'PUT', headers, body: JSON.stringify(parsedBody) };
    expect((await handler.fetch(new Request('http://127.0.0.1/mcp', init), { parsedBody })).status).toBe(405);
  }
  await stack.close();
});

describe('what an author asks of the SDK', () => {
  let stack: Stack;
  const factory = (): McpServer => new McpServer({ name: 'test', version: '1' });

  beforeAll(async () => {
    stack = await startStack(tools);
  });
  afterAll(async () => await stack.close());

  it('a server for one version only refuses the others', async () => {
    const handler = stack.tasks.handler(factory, { legacy: 'reject' });
    expect(await send2025(handler, 'tasks/get', { taskId: 'mcp-unknown' })).toMatchObject({
      status: 400,
      error: { code: -32022 },
    });
  });

  it('a server that always streams does so', async () => {
    const handler = stack.tasks.handler(factory, { responseMode: 'sse' });
    const { error } = await send2026(handler, 'tasks/get', { taskId: 'mcp-unknown' });
    expect(error?.code).toBe(-32602);
    expect(connects()).toBe(1);
  });

  it('arguments that headers repeat are compared', async () => {
    const handler = stack.tasks.handler(factory);
    const params = { name: 'routed', arguments: { region: 'north' } };
    const region = (value: string) => ({ headers: { 'mcp-param-region': value } });
    expect(await send2026(handler, 'tools/call', params, region('south'))).toMatchObject({
      status: 400,
      error: { code: -32020 },
    });
    expect((await send2026(handler, 'tools/call', params, region('north'))).result.taskId).toMatch(/^mcp-/);
  });
});
