/** Tool calls as tasks, on the wire, in both protocol versions. */
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, TaskError, ToolError } from '../../src/index.js';
import type { FetchHandler } from '../../src/sdk/index.js';
import { adapters } from '../helpers/adapters.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';

const tools = [
  defineTool({
    name: 'add',
    description: 'Adds two numbers',
    inputSchema: z.object({ a: z.number(), b: z.number().default(1) }),
    outputSchema: z.object({ sum: z.number() }),
    async run({ a, b }) {
      return await Promise.resolve({ sum: a + b });
    },
  }),
  defineTool({ name: 'text', inputSchema: z.object({}), run: async () => await Promise.resolve('hello') }),
  defineTool({
    name: 'own-result',
    inputSchema: z.object({}),
    run: async () => await Promise.resolve({ content: [{ type: 'text', text: 'mine' }], _meta: { x: 1 } }),
  }),
  defineTool({
    name: 'fail',
    inputSchema: z.object({ how: z.enum(['tool', 'task', 'plain', 'bug']) }),
    retry: { maximumAttempts: 2, initialInterval: '10 ms' },
    async run({ how }, ctx) {
      if (how === 'tool') throw new ToolError('no such file');
      if (how === 'task') throw new TaskError(-32050, 'quota spent', { limit: 3 });
      if (how === 'bug') throw new TypeError(`bug in attempt ${ctx.attempt}`);
      return await Promise.reject(new Error(`unlucky in attempt ${ctx.attempt}`));
    },
  }),
  defineTool({
    name: 'unfitting',
    inputSchema: z.object({}),
    outputSchema: z.object({ n: z.number() }),
    run: async () => await Promise.resolve({ n: 'x' as never }),
  }),
  defineTool({
    name: 'fitting-text',
    inputSchema: z.object({}),
    outputSchema: z.string(),
    run: async () => await Promise.resolve('fits'),
  }),
  defineTool({
    name: 'only-task',
    inputSchema: z.object({}),
    taskSupport: 'required',
    run: async () => await Promise.resolve('done'),
  }),
  defineTool({
    name: 'never-task',
    inputSchema: z.object({}),
    taskSupport: 'forbidden',
    run: async () => await Promise.resolve('done'),
  }),
];

describe.each(adapters)('2025-11-25, %s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let handler: FetchHandler;
  beforeAll(async () => {
    ({ stack, handler } = await adapt(tools));
    await stack.startWorker();
  });
  afterAll(async () => await stack.close());

  async function call2025(name: string, args: object = {}, task: object = {}) {
    return await send2025(handler, 'tools/call', { name, arguments: args, task });
  }

  it('returns a task immediately, and the call’s result in `tasks/result`', async () => {
    const created = await call2025('add', { a: 2, b: 3 }, { ttl: 60_000 });
    expect(created.result.task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 1000 });
    const { taskId, createdAt } = created.result.task;
    expect(taskId).toMatch(/^mcp-[0-9a-f]{32}-[0-9a-f]{32}$/);
    const result = await send2025(handler, 'tasks/result', { taskId });
    expect(result.result).toEqual({
      content: [{ type: 'text', text: '{"sum":5}' }],
      structuredContent: { sum: 5 },
      _meta: { 'io.modelcontextprotocol/related-task': { taskId } },
    });
    const got = await send2025(handler, 'tasks/get', { taskId });
    expect(got.result).toMatchObject({ taskId, status: 'completed', createdAt, ttl: 60_000 });
    expect(Date.parse(got.result.lastUpdatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
  });

  it('awaits a call without `task`', async () => {
    expect(
      (await send2025(handler, 'tools/call', { name: 'add', arguments: { a: 2 } })).result.structuredContent,
    ).toEqual({ sum: 3 });
    expect((await send2025(handler, 'tools/call', { name: 'text' })).result).toEqual({
      content: [{ type: 'text', text: 'hello' }],
    });
  });

  it.each([
    ['tool', 'no such file'],
    ['plain', 'unlucky in attempt 2'],
    ['bug', 'bug in attempt 1'],
  ])('a %s error becomes an isError result and a failed task', async (how, text) => {
    const { taskId } = (await call2025('fail', { how })).result.task;
    const { result } = await send2025(handler, 'tasks/result', { taskId });
    expect(result).toMatchObject({ isError: true, content: [{ type: 'text', text }] });
    expect((await send2025(handler, 'tasks/get', { taskId })).result).toMatchObject({
      status: 'failed',
      statusMessage: text,
    });
  });

  it('a TaskError becomes that JSON-RPC error', async () => {
    const { taskId } = (await call2025('fail', { how: 'task' })).result.task;
    expect((await send2025(handler, 'tasks/result', { taskId })).error).toEqual({
      code: -32050,
      message: 'quota spent',
      data: { limit: 3 },
    });
    expect((await send2025(handler, 'tools/call', { name: 'fail', arguments: { how: 'task' } })).error).toEqual({
      code: -32050,
      message: 'quota spent',
      data: { limit: 3 },
    });
  });

  it('invalid arguments start nothing: -32602 for a task, isError otherwise', async () => {
    const start = vi.spyOn(stack.tasks.engine, 'start');
    const asTask = await call2025('add', { a: 'x' });
    expect(asTask.error).toMatchObject({ code: -32602 });
    expect(asTask.error?.message).toContain('a: ');
    const awaited = await send2025(handler, 'tools/call', { name: 'add', arguments: { a: 'x' } });
    expect(awaited.result).toMatchObject({ isError: true });
    expect(start).not.toHaveBeenCalled();
    start.mockRestore();
  });

  it('answers unknown, malformed and foreign IDs alike', async () => {
    const foreign = `mcp-${'0'.repeat(32)}-${'0'.repeat(32)}`;
    for (const taskId of ['', 'nope', foreign, '../x', 'mcp-', 'x'.repeat(5000)]) {
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
        expect((await send2025(handler, method, { taskId })).error, `${method} ${taskId.slice(0, 50)}`).toEqual({
          code: -32602,
          message: expect.stringMatching(/^Failed to retrieve task: Task not found\. /),
        });
      }
    }
  });

  it('enforces each tool’s task support', async () => {
    expect((await send2025(handler, 'tools/call', { name: 'only-task' })).error?.code).toBe(-32601);
    expect((await call2025('never-task')).error?.code).toBe(-32601);
    expect((await call2025('plain', { x: 1 })).error?.code).toBe(-32601);
    expect((await send2025(handler, 'tools/call', { name: 'never-task' })).result.content[0].text).toBe('done');
    const { tools: listed } = (await send2025(handler, 'tools/list', {})).result;
    const support = Object.fromEntries(
      listed.map((tool: { name: string; execution?: { taskSupport: string } }) => [
        tool.name,
        tool.execution?.taskSupport,
      ]),
    );
    expect(support).toMatchObject({ add: 'optional', 'only-task': 'required', 'never-task': 'forbidden' });
    // The v1 SDK states `forbidden` for its own tools; the other SDK leaves it implied.
    expect(support['plain'] ?? 'forbidden').toBe('forbidden');
  });

  it('refuses to cancel a task that has ended, and names its status', async () => {
    const { taskId } = (await call2025('text')).result.task;
    await send2025(handler, 'tasks/result', { taskId });
    expect((await send2025(handler, 'tasks/cancel', { taskId })).error).toEqual({
      code: -32602,
      message: "Cannot cancel task: already in terminal status 'completed'",
    });
  });

  it('does not declare `tasks/list` to anonymous callers', async () => {
    const { result } = await send2025(handler, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    expect(result.capabilities.tasks).toEqual({ cancel: {}, requests: { tools: { call: {} } } });
    expect((await send2025(handler, 'tasks/list', {})).error?.code).toBe(-32601);
  });

  it('a result that does not match the output schema becomes a tool error', async () => {
    const { result } = await send2025(handler, 'tools/call', { name: 'unfitting' });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain('does not match its output schema');
  });

  it('an unknown tool is not found, with or without `task`', async () => {
    expect((await call2025('nobody')).error).toMatchObject({ code: -32602 });
    const { error, result } = await send2025(handler, 'tools/call', { name: 'nobody' });
    // Without `task`, the SDK itself answers.
    expect(error ?? result).toMatchObject(sdk === 'v1' ? { isError: true } : { code: -32602 });
  });

  it('does not affect the author’s own tools and resources', async () => {
    expect((await send2025(handler, 'tools/call', { name: 'plain', arguments: { x: 3 } })).result).toEqual({
      content: [{ type: 'text', text: 'plain 3' }],
    });
    expect((await send2025(handler, 'tools/call', { name: 'plain', arguments: { x: 'no' } })).result.isError).toBe(
      true,
    );
    expect((await send2025(handler, 'resources/read', { uri: 'note://1' })).result.contents).toEqual([
      { uri: 'note://1', text: 'a note' },
    ]);
  });

  it.each(['2025-03-26', '2025-06-18'])('serves clients of %s without tasks', async (version) => {
    const { result } = await send2025(handler, 'initialize', {
      protocolVersion: version,
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    expect(result.protocolVersion).toBe(version);
    const options = { version };
    const { tools: listed } = (await send2025(handler, 'tools/list', {}, options)).result;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['add', 'plain']));
    expect((await send2025(handler, 'tools/call', { name: 'add', arguments: { a: 2 } }, options)).result).toEqual({
      content: [{ type: 'text', text: '{"sum":3}' }],
      structuredContent: { sum: 3 },
    });
    expect(
      (await send2025(handler, 'tools/call', { name: 'fail', arguments: { how: 'tool' } }, options)).result,
    ).toMatchObject({ isError: true });
    expect(
      (await send2025(handler, 'tools/call', { name: 'plain', arguments: { x: 1 } }, options)).result.content[0].text,
    ).toBe('plain 1');
  });
});

it('a server without durable tools serves the author’s own', async () => {
  const empty = await startStack([]);
  const bare = empty.tasks.handler(() => {
    const mcp = new McpServer({ name: 'bare', version: '1.0.0' });
    mcp.registerTool('plain', { inputSchema: z.object({}) }, () => ({ content: [{ type: 'text', text: 'plain' }] }));
    return mcp;
  });
  expect((await send2026(bare, 'tools/call', { name: 'plain' })).result.content[0].text).toBe('plain');
  const none = empty.tasks.handler(() => new McpServer({ name: 'none', version: '1.0.0' }));
  expect((await send2026(none, 'server/discover', {})).result.capabilities.extensions).toEqual({
    'io.modelcontextprotocol/tasks': {},
  });
  await empty.close();
});

describe('2026-07-28', () => {
  let stack: Stack<TasksConnection>;
  let handler: FetchHandler;
  beforeAll(async () => {
    ({ stack, handler } = await adapters[0][1](tools));
    await stack.startWorker();
  });
  afterAll(async () => await stack.close());

  async function settled2026(taskId: string) {
    await stack.tasks.engine.result('anonymous', taskId);
    return (await send2026(handler, 'tasks/get', { taskId })).result;
  }

  it('creates a task for requests that declare the extension', async () => {
    const { result } = await send2026(handler, 'tools/call', { name: 'add', arguments: { a: 1 } });
    expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 86_400_000, pollIntervalMs: 1000 });
    expect(result.content).toBeUndefined();
    const got = await settled2026(result.taskId);
    expect(got).toMatchObject({
      resultType: 'complete',
      taskId: result.taskId,
      status: 'completed',
      result: { resultType: 'complete', structuredContent: { sum: 2 } },
    });
  });

  it('awaits other calls, and refuses those of tools that require tasks', async () => {
    expect((await send2026(handler, 'tools/call', { name: 'own-result' }, { capabilities: {} })).result).toMatchObject({
      resultType: 'complete',
      content: [{ type: 'text', text: 'mine' }],
    });
    const required = await send2026(handler, 'tools/call', { name: 'only-task' }, { capabilities: {} });
    expect(required.error).toMatchObject({
      code: -32021,
      data: {
        requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
        capability: 'extensions.io.modelcontextprotocol/tasks',
      },
    });
    expect((await send2026(handler, 'tasks/get', { taskId: 'x' }, { capabilities: {} })).error?.code).toBe(-32021);
  });

  it('a tool error completes the task, a TaskError fails it', async () => {
    const tool = await send2026(handler, 'tools/call', { name: 'fail', arguments: { how: 'tool' } });
    expect(await settled2026(tool.result.taskId)).toMatchObject({ status: 'completed', result: { isError: true } });
    const task = await send2026(handler, 'tools/call', { name: 'fail', arguments: { how: 'task' } });
    expect(await settled2026(task.result.taskId)).toMatchObject({
      status: 'failed',
      error: { code: -32050, message: 'quota spent', data: { limit: 3 } },
    });
  });

  it('a value of any type can be structured content', async () => {
    expect(
      (await send2026(handler, 'tools/call', { name: 'fitting-text' }, { capabilities: {} })).result,
    ).toMatchObject({ structuredContent: 'fits', content: [{ type: 'text', text: 'fits' }] });
  });

  it('invalid arguments lead to an isError result', async () => {
    expect((await send2026(handler, 'tools/call', { name: 'add', arguments: { a: 'x' } })).result).toMatchObject({
      resultType: 'complete',
      isError: true,
    });
  });

  it('acknowledges the cancellation of an ended task with an empty result', async () => {
    const { taskId } = (await send2026(handler, 'tools/call', { name: 'text' })).result;
    await settled2026(taskId);
    const { result } = await send2026(handler, 'tasks/cancel', { taskId });
    expect(Object.keys(result).filter((name) => name !== '_meta')).toEqual(['resultType']);
    expect((await send2026(handler, 'tasks/get', { taskId })).result.status).toBe('completed');
  });

  it('advertises the extension as {} and has no tasks/result or tasks/list', async () => {
    const { result } = await send2026(handler, 'server/discover', {});
    expect(result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    expect(result.capabilities.tasks).toBeUndefined();
    for (const method of ['tasks/result', 'tasks/list'])
      expect((await send2026(handler, method, { taskId: 'x' })).error?.code).toBe(-32601);
  });

  it('does not affect the author’s own tools and resources', async () => {
    expect((await send2026(handler, 'tools/call', { name: 'plain', arguments: { x: 3 } })).result.content[0].text).toBe(
      'plain 3',
    );
    expect(
      (await send2026(handler, 'resources/read', { uri: 'note://1', name: 'note://1' })).result.contents[0].text,
    ).toBe('a note');
  });
});
