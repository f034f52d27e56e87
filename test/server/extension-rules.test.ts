/** Rules of the tasks extension (protocol 2026-07-28) that the official suite does not check. */
import { fileURLToPath } from 'node:url';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, TaskError, ToolError } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2026 } from '../helpers/raw-requests.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({});
const own = { content: [{ type: 'text', text: 'mine' }], structuredContent: { a: [1, null] }, _meta: { x: 1 } };
const tools = [
  defineTool({
    name: 'all',
    inputSchema,
    asks: ['elicitation.form', 'elicitation.url', 'sampling'],
    workflow: 'askAll',
  }),
  defineTool({ name: 'own', inputSchema, run: async () => await Promise.resolve(own) }),
  defineTool({ name: 'tool-error', inputSchema, run: async () => await Promise.reject(new ToolError('no such file')) }),
  defineTool({
    name: 'task-error',
    inputSchema,
    run: async () => await Promise.reject(new TaskError(-32050, 'quota spent', { limit: 3 })),
  }),
  defineTool({
    name: 'sure',
    inputSchema,
    beforeStart: () => ({ message: 'Sure?', requestedSchema: { type: 'object', properties: {} } }),
    run: async () => await Promise.resolve('done'),
  }),
];
const capabilities = {
  extensions: { 'io.modelcontextprotocol/tasks': {} },
  elicitation: { form: {}, url: {} },
  sampling: {},
};

let stack: Stack;
let handler: McpHttpHandler;
beforeAll(async () => {
  stack = await startStack(tools);
  await stack.startWorker({ workflowsPath });
  handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
});
afterAll(async () => await stack.close());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const call = async (name: string, params: object = {}, declared: object = capabilities) =>
  await send2026(handler, 'tools/call', { name, ...params }, { capabilities: declared });
const get = async (taskId: string) => (await send2026(handler, 'tasks/get', { taskId })).result;
const update = async (taskId: string, inputResponses: object) =>
  await send2026(handler, 'tasks/update', { taskId, inputResponses });

it('every question gets a new key, and an answer to a superseded question is ignored', async () => {
  const { taskId } = (await call('all')).result;
  const keys: string[] = [];
  /** Waits for the next question and returns its key. */
  const asked = async (): Promise<string> => {
    for await (const { inputs } of stack.tasks.engine.watch('anonymous', taskId)) {
      const key = Object.keys(inputs).find((open) => !keys.includes(open));
      if (key !== undefined) {
        keys.push(key);
        return key;
      }
    }
    throw new Error('the task has ended');
  };
  const first = await asked();
  await update(taskId, { [first]: { action: 'accept', content: { age: 'old' } } });
  const second = await asked();
  expect((await update(taskId, { [first]: { action: 'accept', content: { age: 99 } } })).error).toBeUndefined();
  expect(Object.keys((await get(taskId)).inputRequests)).toEqual([second]);
  await update(taskId, { [second]: { action: 'accept', content: { age: 7 } } });
  await update(taskId, { [await asked()]: { action: 'accept' } });
  await update(taskId, { [await asked()]: { role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' } });
  await stack.tasks.engine.result('anonymous', taskId);
  expect((await get(taskId)).result.structuredContent).toMatchObject({ age: { age: 7 }, visit: 'accept' });
  expect(new Set(keys).size).toBe(4);
});

describe('errors', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s for a nonexistent task is -32602 with a clear message',
    async (method) => {
      for (const taskId of ['nope', `mcp-${'0'.repeat(32)}-${'0'.repeat(32)}`]) {
        expect((await send2026(handler, method, { taskId, inputResponses: {} })).error).toEqual({
          code: -32602,
          message: expect.stringMatching(/^Failed to retrieve task: Task not found\. /),
        });
      }
      expect(
        (await send2026(handler, method, { inputResponses: {} }, { headers: { 'mcp-name': 'x' } })).error,
      ).toBeDefined();
    },
  );

  it.each(['get', 'cancel', 'respond'] as const)(
    'an internal error is -32603 and reveals nothing (%s)',
    async (operation) => {
      vi.spyOn(stack.tasks.engine, operation).mockRejectedValue(new Error('postgres://user:secret@db'));
      const method = operation === 'respond' ? 'tasks/update' : `tasks/${operation}`;
      const { error } = await send2026(handler, method, { taskId: 'x', inputResponses: {} });
      expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('Internal error') });
      expect(JSON.stringify(error)).not.toContain('secret');
    },
  );
});

it.each(['own', 'tool-error', 'task-error'])(
  'a task ends with exactly the result that the awaited call returns (%s)',
  async (name) => {
    const awaited = await call(name, {}, {});
    const { taskId } = (await call(name)).result;
    await stack.tasks.engine.result('anonymous', taskId);
    const { result, error } = await get(taskId);
    // Every response names the server that answered, which is not part of the result.
    const { 'io.modelcontextprotocol/serverInfo': _, ...meta } = awaited.result?._meta ?? {};
    const bare = awaited.result && { ...awaited.result, _meta: meta };
    if (bare && Object.keys(meta).length === 0) delete bare._meta;
    expect([result, error]).toEqual([bare, awaited.error]);
  },
);

describe('multi round-trip requests', () => {
  const accept = { 'before-start': { action: 'accept', content: {} } };

  it('responses that were not requested are ignored', async () => {
    const { requestState } = (await call('sure')).result;
    expect(
      (await call('sure', { requestState, inputResponses: { ...accept, more: { action: 'accept' } } })).result
        .resultType,
    ).toBe('task');
  });

  it('a requestState expires after an hour', async () => {
    const { requestState } = (await call('sure')).result;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 });
    expect((await call('sure', { requestState, inputResponses: accept })).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('expired requestState'),
    });
  });
});
