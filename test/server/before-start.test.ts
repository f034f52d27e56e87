/**
 * Tools that ask before their work begins: with multi round-trip requests in 2026-07-28, inside the task in 2025-11-25.
 */
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { defineTool } from '../../src/index.js';
import { listen } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const sure = {
  message: 'Sure?',
  requestedSchema: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
};
const inputSchema = z.object({ file: z.string() });
const beforeStart = ({ file }: { file: string }) =>
  file === 'harmless' ? undefined : { ...sure, message: `Delete ${file}?` };
const tools = [
  defineTool({
    name: 'delete',
    inputSchema,
    beforeStart,
    run: async ({ file }, ctx) => await Promise.resolve({ file, ...ctx.answer }),
  }),
  defineTool({ name: 'flow', inputSchema, beforeStart, workflow: 'withAnswer' }),
];
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };

let stack: Stack;
let other: Stack;
let handler: McpHttpHandler;
let replica: McpHttpHandler;
beforeAll(async () => {
  stack = await startStack(tools, { pollInterval: '50 ms' });
  other = await startStack(tools, { taskQueue: stack.tasks.taskQueue });
  await stack.startWorker({ workflowsPath });
  const factory = (): McpServer => new McpServer({ name: 'test', version: '1.0.0' });
  handler = stack.tasks.handler(factory);
  replica = other.tasks.handler(factory);
});
afterAll(async () => {
  await stack.close();
  await other.close();
});

const call = async (params: object, at = handler, options: object = {}) =>
  await send2026(
    at,
    'tools/call',
    { name: 'delete', arguments: { file: 'a.txt' }, ...params },
    { capabilities, ...options },
  );
const accept = { 'before-start': { action: 'accept', content: { reason: 'old' } } };

describe('2026-07-28', () => {
  it('answers with the question, and creates a task for the answer, at any replica', async () => {
    const start = vi.spyOn(stack.tasks.engine, 'start');
    const { result } = await call({});
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        'before-start': { method: 'elicitation/create', params: { mode: 'form', message: 'Delete a.txt?' } },
      },
    });
    expect(start).not.toHaveBeenCalled();
    start.mockRestore();
    const { result: created } = await call({ requestState: result.requestState, inputResponses: accept }, replica);
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
    await stack.tasks.engine.result('anonymous', created.taskId);
    expect((await send2026(handler, 'tasks/get', { taskId: created.taskId })).result.result.structuredContent).toEqual({
      file: 'a.txt',
      reason: 'old',
    });
    // Sending the same answer again starts no second task.
    expect((await call({ requestState: result.requestState, inputResponses: accept })).result.taskId).toBe(
      created.taskId,
    );
  });

  it('passes the answer to a workflow as its second argument', async () => {
    const { requestState } = (await call({ name: 'flow' })).result;
    const { taskId } = (await call({ name: 'flow', requestState, inputResponses: accept })).result;
    expect((await stack.tasks.engine.result('anonymous', taskId)).outcome).toMatchObject({
      result: { structuredContent: { given: { file: 'a.txt' }, answer: { reason: 'old' } } },
    });
  });

  it('asks again with the reason if an answer is missing or invalid', async () => {
    const { requestState } = (await call({})).result;
    expect((await call({ requestState })).result.inputRequests['before-start'].params.message).toBe('Delete a.txt?');
    const { result } = await call({
      requestState,
      inputResponses: { 'before-start': { action: 'accept', content: {} } },
    });
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        'before-start': {
          params: { message: expect.stringMatching(/^Delete a.txt\?\n\nYour last answer was not accepted: .*reason/) },
        },
      },
    });
    // An answer without its requestState is ignored.
    expect((await call({ inputResponses: accept })).result.resultType).toBe('input_required');
  });

  it('starts nothing if the user declines', async () => {
    const start = vi.spyOn(stack.tasks.engine, 'start');
    const { requestState } = (await call({})).result;
    expect(
      (await call({ requestState, inputResponses: { 'before-start': { action: 'decline' } } })).result,
    ).toMatchObject({
      isError: true,
      content: [
        { text: 'The user declined, so nothing was started. Call the tool again only if the user asks for it.' },
      ],
    });
    expect(start).not.toHaveBeenCalled();
    start.mockRestore();
  });

  it.each([
    ['other arguments', { arguments: { file: 'b.txt' } }, {}],
    ['another tool', { name: 'flow' }, {}],
    [
      'another owner',
      {},
      { authInfo: { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'bob' } } },
    ],
    ['another idempotency key', {}, { meta: { 'io.github.mcp-tasks-temporal/idempotency-key': 'k'.repeat(40) } }],
    ['a forged state', { requestState: 'v1.e30.AAAA' }, {}],
  ])('refuses a requestState with %s', async (_, params, options) => {
    const { requestState } = (await call({})).result;
    expect((await call({ requestState, inputResponses: accept, ...params }, handler, options)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('requestState'),
    });
  });

  it('needs a client that declares form elicitation, if there is something to ask', async () => {
    const tasks = { extensions: capabilities.extensions };
    expect((await call({}, handler, { capabilities: tasks })).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { form: {} } } },
    });
    expect((await call({ arguments: { file: 'harmless' } }, handler, { capabilities: tasks })).result.resultType).toBe(
      'task',
    );
  });

  it('is awaited like any other call if the client does not know tasks', async () => {
    const plain = { capabilities: { elicitation: { form: {} } } };
    const { requestState } = (await call({}, handler, plain)).result;
    expect((await call({ requestState, inputResponses: accept }, handler, plain)).result.structuredContent).toEqual({
      file: 'a.txt',
      reason: 'old',
    });
  });

  it('is answered by the host’s own elicitation handler on the public client', async () => {
    const server = await listen(handler);
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: { ...tasksCapability, elicitation: { form: {} } } },
    );
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { reason: 'asked' } }));
    await client.connect(new StreamableHTTPClientTransport(server.url));
    expect((await callTool(client, { name: 'delete', arguments: { file: 'c.txt' } })).structuredContent).toEqual({
      file: 'c.txt',
      reason: 'asked',
    });
    await client.close();
    await server.close();
  });
});

describe('2025-11-25', () => {
  const question = ({ method, id }: { method?: string; id?: unknown }): boolean =>
    method === 'elicitation/create' && id !== undefined;

  async function begin(name: string) {
    const session = await Session.begin(handler);
    const { taskId } = (await session.request(handler, 'tools/call', { name, arguments: { file: 'a.txt' }, task: {} }))
      .result.task;
    const result = await session.open(handler, 'tasks/result', { taskId });
    const { id, params } = await result.next(question);
    expect(params).toMatchObject({
      message: 'Delete a.txt?',
      _meta: { 'io.modelcontextprotocol/related-task': { taskId } },
    });
    return {
      session,
      taskId,
      id,
      answer: async () => (await result.next((message) => message.id === result.requestId)).result,
    };
  }

  it.each([
    ['delete', { file: 'a.txt', reason: 'old' }],
    ['flow', { given: { file: 'a.txt' }, answer: { reason: 'old' } }],
  ])('%s asks inside the task, and continues as the same task', async (name, expected) => {
    const { session, id, taskId, answer } = await begin(name);
    await session.reply(handler, id, { result: accept['before-start'] });
    expect((await answer()).structuredContent).toEqual(expected);
    const task = (await session.request(handler, 'tasks/get', { taskId })).result;
    expect(task).toMatchObject({ taskId, status: 'completed' });
  });

  it('ends if the user declines', async () => {
    const { session, id, answer } = await begin('delete');
    await session.reply(handler, id, { result: { action: 'cancel' } });
    expect(await answer()).toMatchObject({
      isError: true,
      content: [
        {
          text: 'The user dismissed the question, so nothing was started. Call the tool again only if the user asks for it.',
        },
      ],
    });
  });

  it('can be cancelled while it asks', async () => {
    const { session, taskId } = await begin('flow');
    expect((await session.request(handler, 'tasks/cancel', { taskId })).result.status).toBe('cancelled');
  });
});
