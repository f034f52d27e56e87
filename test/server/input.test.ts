/** Input requests of a task in protocol 2026-07-28: `tasks/get` returns them, `tasks/update` answers them. */
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { defineTool } from '../../src/index.js';
import { listen } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2026 } from '../helpers/raw-requests.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'twice', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askTwice' }),
  defineTool({ name: 'unchecked', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askUnchecked' }),
  defineTool({ name: 'undeclared', inputSchema: z.object({}), workflow: 'askOnce' }),
  defineTool({
    name: 'all',
    inputSchema: z.object({}),
    asks: ['elicitation.form', 'elicitation.url', 'sampling'],
    workflow: 'askAll',
  }),
];
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const everything = { ...tasks, elicitation: { form: {}, url: {} }, sampling: {} };

let stack: Stack;
let handler: McpHttpHandler;
beforeAll(async () => {
  stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath });
  handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
});
afterAll(async () => await stack.close());

const start = async (name: string, capabilities: object = everything) =>
  await send2026(handler, 'tools/call', { name }, { capabilities });
const get = async (taskId: string) => (await send2026(handler, 'tasks/get', { taskId })).result;
const update = async (taskId: string, inputResponses: object) =>
  await send2026(handler, 'tasks/update', { taskId, inputResponses });

/** Waits until the task has this many open questions, and returns them. */
async function asking(
  taskId: string,
  questions = 1,
): Promise<Record<string, { method: string; params: Record<string, unknown> }>> {
  for await (const task of stack.tasks.engine.watch('anonymous', taskId))
    if (Object.keys(task.inputs).length === questions) break;
  const task = await get(taskId);
  expect(task.status).toBe('input_required');
  return task.inputRequests;
}

/** Answers the one open question and returns it. */
async function answer(taskId: string, response: object): Promise<{ method: string; params: Record<string, unknown> }> {
  const [[key, request]] = Object.entries(await asking(taskId)) as [
    [string, { method: string; params: Record<string, unknown> }],
  ];
  const { result, error } = await update(taskId, { [key]: response });
  expect(error).toBeUndefined();
  expect(Object.keys(result).filter((field) => field !== '_meta')).toEqual(['resultType']);
  return request;
}

it('several open questions can be answered one by one, and unknown, malformed or late answers are acknowledged and ignored', async () => {
  const { taskId } = (await start('twice')).result;
  const requests = await asking(taskId, 2);
  expect(Object.values(requests)).toContainEqual({
    method: 'elicitation/create',
    params: { mode: 'form', message: 'Name?', requestedSchema: expect.anything() },
  });
  const [name, size] = Object.keys(requests) as [string, string];
  const accept = (content: object) => ({ action: 'accept', content });
  expect(
    (await update(taskId, { [name]: accept({ name: 'Ann' }), nobody: accept({}), broken: 17 })).error,
  ).toBeUndefined();
  // The next `tasks/get` already reflects the answer.
  expect(Object.keys((await get(taskId)).inputRequests)).toEqual([size]);
  expect((await update(taskId, { [name]: accept({ name: 'Bob' }) })).error).toBeUndefined();
  expect((await update(taskId, {})).error).toBeUndefined();
  await update(taskId, { [size]: accept({ size: 3, more: 'is allowed' }) });
  await stack.tasks.engine.result('anonymous', taskId);
  expect((await get(taskId)).result.structuredContent).toEqual({ name: 'Ann', size: 3 });
  expect((await update(taskId, { [size]: accept({ size: 4 }) })).error).toBeUndefined();
});

it('asks again with the reason after an invalid answer, asks by URL and by sampling, and does not wait forever', async () => {
  const { taskId } = (await start('all')).result;
  expect((await answer(taskId, { action: 'accept', content: { age: 'old' } })).params['message']).toBe('Age?');
  expect((await answer(taskId, { action: 'accept', content: { age: 7 } })).params['message']).toMatch(
    /^Age\?\n\nYour last answer was not accepted: .*age/,
  );
  expect(await answer(taskId, { action: 'accept' })).toEqual({
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Sign in', url: 'https://example.com/sign-in', elicitationId: expect.any(String) },
  });
  expect((await answer(taskId, { role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' })).method).toBe(
    'sampling/createMessage',
  );
  await stack.tasks.engine.result('anonymous', taskId);
  expect((await get(taskId)).result.structuredContent).toEqual({
    age: { age: 7 },
    visit: 'accept',
    said: { type: 'text', text: 'Ho' },
    late: 'cancel',
    never: expect.stringContaining('nobody answered in time'),
  });
});

it('a host can answer with `onInput`', async () => {
  const server = await listen(handler);
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: { ...tasksCapability, elicitation: { form: {} } } },
  );
  await client.connect(new StreamableHTTPClientTransport(server.url));
  const asked: unknown[] = [];
  const result = await callTool(
    client,
    { name: 'twice' },
    {
      async onInput({ method, params }) {
        asked.push([method, params?.['message']]);
        return await Promise.resolve({
          action: 'accept',
          content: params?.['message'] === 'Name?' ? { name: 'Cy' } : { size: 9 },
        });
      },
    },
  );
  expect(result.structuredContent).toEqual({ name: 'Cy', size: 9 });
  expect(asked).toHaveLength(2);
  await expect(
    callTool(client, { name: 'twice' }, { onInput: async () => await Promise.reject(new Error('nobody home')) }),
  ).rejects.toThrow('nobody home');
  await client.close();
  await server.close();
});

describe('a client that does not declare the needed capability', () => {
  it.each([
    [tasks, { elicitation: { form: {}, url: {} }, sampling: {} }],
    [
      { ...tasks, elicitation: {} },
      { elicitation: { url: {} }, sampling: {} },
    ],
    [{ ...tasks, elicitation: { url: {} }, sampling: {} }, { elicitation: { form: {} } }],
  ])('%j is refused before anything starts', async (capabilities, missing) => {
    expect((await start('all', capabilities)).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: missing },
    });
  });
});

it('a workflow whose undeclared question the client cannot answer gets no answer', async () => {
  const { taskId } = (await start('undeclared', tasks)).result;
  expect((await stack.tasks.engine.result('anonymous', taskId)).outcome).toMatchObject({
    result: { isError: true, content: [{ text: expect.stringContaining('elicitation.form') }] },
  });
});

describe('the routing header', () => {
  it('is filled in if missing, and refused if wrong', async () => {
    const { taskId } = (await start('twice')).result;
    expect(
      (await send2026(handler, 'tasks/get', { taskId }, { headers: { 'mcp-name': undefined } })).result.taskId,
    ).toBe(taskId);
    expect((await send2026(handler, 'tasks/get', { taskId }, { headers: { 'mcp-name': 'another' } })).error?.code).toBe(
      -32020,
    );
    expect(
      (await send2026(handler, 'tasks/get', { taskId }, { headers: { 'mcp-method': undefined } })).error?.code,
    ).toBe(-32020);
    expect(
      (await send2026(handler, 'tasks/get', { taskId: 'no\nheader' }, { headers: { 'mcp-name': undefined } })).error,
    ).toBeDefined();
    expect(
      (await send2026(handler, 'tasks/cancel', { taskId }, { headers: { 'mcp-name': undefined } })).error,
    ).toBeUndefined();
  });
});

it('a question whose answers could not be checked in linear time is never asked', async () => {
  const { taskId } = (await start('unchecked')).result;
  for await (const task of stack.tasks.engine.watch('anonymous', taskId)) if (task.outcome) break;
  expect(await get(taskId)).toMatchObject({
    status: 'completed',
    result: { isError: true, content: [{ text: expect.stringContaining('because of the lookahead (?=a)') }] },
  });
});
