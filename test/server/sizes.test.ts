/** What is too large, as a client sees it: on the wire, in both versions. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import type { Gateway } from '../../src/gateway/index.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { Session, type Message } from '../helpers/session-client.js';
import { startStack, type Stack } from '../helpers/stack.js';

const LIMIT = 2_000_000;
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const length = defineTool({
  name: 'length',
  inputSchema: z.object({ text: z.string() }),
  run: async ({ text }) => await Promise.resolve({ length: text.length }),
});
const confirmed = defineTool({
  name: 'confirmed',
  inputSchema: z.object({ text: z.string() }),
  beforeStart: () => ({
    message: 'Why?',
    requestedSchema: { type: 'object', properties: { reason: { type: 'string' } } },
  }),
  run: async ({ text }, { answer }) =>
    await Promise.resolve({ text: text.length, reason: String(answer?.['reason']).length }),
});
const asking = defineTool({
  name: 'asking',
  inputSchema: z.object({}),
  asks: ['elicitation.form'],
  workflow: 'askOnce',
});

let stack: Stack;
let handler: McpHttpHandler;
beforeAll(async () => {
  stack = await startStack([length, confirmed, asking], { pollInterval: '50 ms' });
  handler = stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' }));
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
});
afterAll(async () => await stack.close());

const accept = (content: object): object => ({ action: 'accept', content });
const tooLarge = (what: string): unknown =>
  expect.stringMatching(new RegExp(`${what} [\\d,]+ bytes; the limit is 2,000,000\\. `));

describe('arguments', () => {
  const call = { name: 'length', arguments: { text: 'x'.repeat(LIMIT) } };

  it('2026-07-28: are a tool error that the model can read', async () => {
    const { result } = await send2026(handler, 'tools/call', call, { capabilities });
    expect(result).toMatchObject({ isError: true, content: [{ text: tooLarge('The arguments are') }] });
  });

  it('2025-11-25: are -32602 for a task, and a tool error for a plain call', async () => {
    expect((await send2025(handler, 'tools/call', { ...call, task: {} })).error).toMatchObject({
      code: -32602,
      message: tooLarge('The arguments are'),
    });
    expect((await send2025(handler, 'tools/call', call)).result).toMatchObject({
      isError: true,
      content: [{ text: tooLarge('The arguments are') }],
    });
  });

  it('2026-07-28: count together with the answer to a question before the start', async () => {
    const given = { name: 'confirmed', arguments: { text: 'x'.repeat(LIMIT / 2) } };
    const answered = async (size: number): Promise<Reply['result']> => {
      const { result } = await send2026(handler, 'tools/call', given, { capabilities });
      const inputResponses = { [Object.keys(result.inputRequests)[0] as string]: accept({ reason: 'x'.repeat(size) }) };
      const { requestState } = result;
      return (await send2026(handler, 'tools/call', { ...given, inputResponses, requestState }, { capabilities }))
        .result;
    };
    expect(await answered(LIMIT / 2)).toMatchObject({
      isError: true,
      content: [{ text: tooLarge('The arguments are') }],
    });
    const { taskId } = await answered(LIMIT / 2 - 2_000);
    await stack.tasks.engine.result('anonymous', taskId);
    expect((await send2026(handler, 'tasks/get', { taskId })).result.result.structuredContent).toEqual({
      text: LIMIT / 2,
      reason: LIMIT / 2 - 2_000,
    });
  });
});

describe('a progress token', () => {
  const call = { name: 'length', arguments: { text: '' }, task: {} };
  const send = async (progressToken: string): Promise<Reply> =>
    await send2025(handler, 'tools/call', call, { meta: { progressToken } });

  it('has at most 256 characters, because the task keeps it', async () => {
    expect((await send('x'.repeat(256))).result).toHaveProperty('task');
    expect((await send('x'.repeat(257))).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('256'),
    });
  });
});

/** Starts the task of a call, and returns its first question. */
async function begin(name: string, args: object) {
  const session = await Session.begin(handler);
  const { taskId } = (await session.request(handler, 'tools/call', { name, arguments: args, task: {} })).result.task;
  const result = await session.open(handler, 'tasks/result', { taskId });
  const asked = (message: Message): boolean => message.method === 'elicitation/create';
  const first = await result.next(asked);
  return {
    reply: async (id: unknown, content: object) => await session.reply(handler, id, { result: accept(content) }),
    first,
    second: async () => await result.next((message) => asked(message) && message.id !== first.id),
    answer: async () => (await result.next(({ id }) => id === result.requestId)).result.structuredContent,
  };
}

describe('an answer', () => {
  it.each([LIMIT + 1, 3_600_000])('2026-07-28: of %d bytes is -32602, and the question stays open', async (size) => {
    const { taskId } = (await send2026(handler, 'tools/call', { name: 'asking', arguments: {} }, { capabilities }))
      .result;
    let key = '';
    await expect
      .poll(async () => {
        const { inputRequests = {} } = (await send2026(handler, 'tasks/get', { taskId })).result;
        return (key = Object.keys(inputRequests)[0] ?? '');
      })
      .not.toBe('');
    const update = async (name: string): Promise<Reply> =>
      await send2026(handler, 'tasks/update', { taskId, inputResponses: { [key]: accept({ name }) } });
    expect((await update('x'.repeat(size))).error).toMatchObject({ code: -32602, message: tooLarge('The answer is') });
    expect((await send2026(handler, 'tasks/get', { taskId })).result.status).toBe('input_required');
    expect((await update('x')).error).toBeUndefined();
    await stack.tasks.engine.result('anonymous', taskId);
  });

  it.each([LIMIT + 1, 3_600_000])('2025-11-25: of %d bytes makes the task ask again and say why', async (size) => {
    const { reply, first, second, answer } = await begin('asking', {});
    expect(await reply(first.id, { name: 'x'.repeat(size) })).toBe(202);
    const { id, params } = await second();
    expect(params.message).toEqual(tooLarge('Name\\?\n\nYour last answer was not accepted: The answer is'));
    await reply(id, { name: 'x' });
    expect(await answer()).toEqual({ name: 'x' });
  });

  it('2025-11-25: before the work that does not fit with the arguments is asked for again', async () => {
    const { reply, first, second, answer } = await begin('confirmed', { text: 'x'.repeat(1_500_000) });
    expect(await reply(first.id, { reason: 'x'.repeat(900_000) })).toBe(202);
    const { id, params } = await second();
    expect(params.message).toEqual(tooLarge("The answer and the call's arguments are"));
    await reply(id, { reason: 'x'.repeat(490_000) });
    expect(await answer()).toEqual({ text: 1_500_000, reason: 490_000 });
  });
});

describe('a workflow that knows nothing of tasks', () => {
  const taskQueue = `plain-${randomUUID()}`;
  const question = {
    when: '/question',
    message: 'Go on?',
    schema: { properties: { said: { type: 'string' } }, required: ['said'] },
    args: ['said'],
  };
  const rounds = {
    workflow: 'Rounds',
    input: { properties: { rounds: { type: 'integer' }, more: { type: 'string' } } },
    args: ['rounds', 'more'],
    status: { query: 'asks', message: '/told' },
  };
  let gateway: Gateway;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    gateway = await startGateway({
      taskQueue,
      tools: [
        { name: 'signal', ...rounds, inputs: { go: { ...question, signal: 'tell' } } },
        { name: 'update', ...rounds, inputs: { go: { ...question, update: 'answer' } } },
      ],
    });
    stop = await startPlainWorker(taskQueue);
  });
  afterAll(async () => {
    await stop();
    await gateway.close();
  });
  const send = async (method: string, params: Record<string, unknown>): Promise<Reply> =>
    await send2026(gateway.handler(), method, params, { capabilities });

  it('gets no arguments above the limit', async () => {
    const { result } = await send('tools/call', { name: 'signal', arguments: { rounds: 1, more: 'x'.repeat(LIMIT) } });
    expect(result).toMatchObject({ isError: true, content: [{ text: tooLarge('The arguments are') }] });
  });

  it.each(['signal', 'update'])('gets an answer by %s up to the limit, and is left alone above it', async (name) => {
    const { taskId } = (await send('tools/call', { name, arguments: { rounds: 1, more: '' } })).result;
    let key: string | undefined;
    await expect
      .poll(async () => (key = Object.keys((await send('tasks/get', { taskId })).result.inputRequests ?? {})[0]))
      .toBeDefined();
    const update = async (size: number): Promise<Reply> =>
      await send('tasks/update', { taskId, inputResponses: { [key as string]: accept({ said: 'x'.repeat(size) }) } });
    expect((await update(LIMIT)).error).toMatchObject({ code: -32602, message: tooLarge('The answer is') });
    // The workflow returns the answer, with a field around it.
    expect((await update(LIMIT - 2_000)).error).toBeUndefined();
    await gateway.tasks.engine.result('anonymous', taskId);
    expect((await send('tasks/get', { taskId })).result.result.structuredContent.told[0]).toHaveLength(LIMIT - 2_000);
  });
});
