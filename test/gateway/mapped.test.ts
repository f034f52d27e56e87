/** A workflow's own query, update and signal as a task's status and questions, and confirmation before a start. */
import { randomUUID } from 'node:crypto';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2026, type Reply } from '../helpers/raw-requests.js';
import { Session, type Message } from '../helpers/session-client.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const payment = {
  workflow: 'Payment',
  input: { properties: { amount: { type: 'number' } } },
  args: ['amount'],
  status: { query: 'stage', message: '/stage/name', progress: '/done', total: '/all' },
  inputs: {
    approval: {
      when: '/waitingFor',
      message: 'Pay {amount} for {id}?',
      schema: { properties: { approved: { type: 'boolean' }, note: { type: 'string' } }, required: ['approved'] },
      update: 'approve',
      args: ['approved', 'note'],
    },
    hold: {
      query: 'hold',
      when: '',
      message: 'Release it?',
      schema: { properties: { by: { type: 'string' } } },
      signal: 'release',
    },
  },
};
let gateway: Gateway;
let handler: McpHttpHandler;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  const kind = { input: { properties: { date: { type: 'string' } } } };
  gateway = await startGateway({
    taskQueue,
    tools: [
      { name: 'pay', ...payment },
      {
        name: 'pay_or_reject',
        ...payment,
        inputs: { ...payment.inputs, approval: { ...payment.inputs.approval, declined: 'reject' } },
      },
      { name: 'load', workflow: 'NightlyLoad', ...kind, confirm: 'Load {date}?' },
      { name: 'sure', workflow: 'NightlyLoad', ...kind, confirm: true },
    ],
  });
  handler = gateway.handler();
  stopWorker = await startPlainWorker(taskQueue);
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

const send = async (method: string, params: Record<string, unknown>) =>
  await send2026(handler, method, params, { capabilities });
const get = async (taskId: string) => (await send('tasks/get', { taskId })).result;
const begin = async (name: string): Promise<string> =>
  (await send('tools/call', { name, arguments: { amount: 12 } })).result.taskId;
/** Waits until the task asks the question `name`. @returns its key */
async function question(taskId: string, name: string): Promise<string> {
  let key: string | undefined;
  await expect
    .poll(
      async () =>
        (key = Object.keys((await get(taskId)).inputRequests ?? {}).find((open) => open.startsWith(`${name}-`))),
    )
    .toBeDefined();
  return key as string;
}
const answer = async (taskId: string, key: string, content: object, action = 'accept') =>
  await send('tasks/update', { taskId, inputResponses: { [key]: { action, content } } });

describe('2026-07-28', () => {
  it('shows the workflow’s status, asks its questions, and answers them by update and signal', async () => {
    const taskId = await begin('pay');
    const key = await question(taskId, 'approval');
    const task = await get(taskId);
    expect(task).toMatchObject({
      status: 'input_required',
      statusMessage: 'waiting for the user to answer "Pay 12 for payment?" · deciding · 0 of 2 (0%)',
      inputRequests: {
        [key]: {
          method: 'elicitation/create',
          params: { mode: 'form', message: 'Pay 12 for payment?', requestedSchema: { required: ['approved'] } },
        },
      },
    });
    expect((await answer(taskId, key, { approved: 'maybe' })).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('approved'),
    });
    expect((await answer(taskId, key, { approved: false })).error).toMatchObject({
      code: -32602,
      message: 'The workflow rejected the answer: say why not',
    });
    await answer(taskId, key, { approved: true, note: 'fine' });
    const held = await question(taskId, 'hold');
    expect(await get(taskId)).toMatchObject({
      statusMessage: 'waiting for the user to answer "Release it?" · releasing · 1 of 2 (50%)',
      inputRequests: { [held]: { params: { message: 'Release it?' } } },
    });
    // An answer to a question that is no longer open is dropped.
    await answer(taskId, key, { approved: false, note: 'late' });
    await answer(taskId, held, { by: 'me' });
    await gateway.tasks.engine.result('anonymous', taskId);
    expect((await get(taskId)).result.structuredContent).toEqual({
      approved: true,
      note: 'fine',
      released: { by: 'me' }.by,
    });
  });

  it('passes a declined question to the workflow, or cancels it', async () => {
    const told = await begin('pay_or_reject');
    await answer(told, await question(told, 'approval'), {}, 'decline');
    await gateway.tasks.engine.result('anonymous', told);
    expect((await get(told)).result.structuredContent).toEqual({ approved: false, note: 'declined' });
    const taskId = await begin('pay');
    await answer(taskId, await question(taskId, 'approval'), {}, 'decline');
    await expect.poll(async () => (await get(taskId)).status).toBe('cancelled');
  });

  it.each([
    ['load', 'Load today?'],
    ['sure', 'Start sure with {"date":"today"}?'],
  ])('asks before %s starts', async (name, message) => {
    const call = { name, arguments: { date: 'today' } };
    const { result } = await send('tools/call', call);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'before-start': { params: { message } } },
    });
    const given = {
      ...call,
      requestState: result.requestState,
      inputResponses: { 'before-start': { action: 'accept', content: {} } },
    };
    const { taskId } = (await send('tools/call', given)).result;
    await gateway.tasks.engine.result('anonymous', taskId);
    expect((await get(taskId)).result.structuredContent).toMatchObject({ loaded: 'today' });
  });
});

describe('2026-07-28, without the tasks extension', () => {
  const call = async (name: string, params: object = {}): Promise<Reply> =>
    await send2026(
      handler,
      'tools/call',
      { name, arguments: { amount: 5 }, ...params },
      { capabilities: { elicitation: {} } },
    );
  const messageOf = ({ result }: Reply): string =>
    Object.values(result.inputRequests as Record<string, { params: { message: string } }>)[0]?.params.message as string;
  const repeat = async ({ result }: Reply, content: object, action = 'accept'): Promise<Reply> =>
    await call('pay', {
      requestState: result.requestState,
      inputResponses: { [Object.keys(result.inputRequests)[0] as string]: { action, content } },
    });

  it('asks in the answer to the call, again with the reason if an answer is refused, and takes it once', async () => {
    const first = await call('pay');
    expect(messageOf(first)).toBe('Pay 5 for payment?');
    const invalid = await repeat(first, { approved: 'maybe' });
    expect(messageOf(invalid)).toMatch(/^Pay 5 for payment\?\n\nThe answer to "approval" is not valid: approved: /);
    const rejected = await repeat(invalid, { approved: false });
    expect(messageOf(rejected)).toBe('Pay 5 for payment?\n\nThe workflow rejected the answer: say why not');
    const second = await repeat(rejected, { approved: true, note: 'fine' });
    expect(messageOf(second)).toBe('Release it?');
    expect(messageOf(await repeat(first, { approved: false, note: 'late' }))).toBe('Release it?');
    const last = await repeat(second, { by: 'me' });
    expect(last.result.structuredContent).toEqual({ approved: true, note: 'fine', released: 'me' });
    expect((await repeat(second, { by: 'me' })).result).toMatchObject(last.result);
  });

  it('stops asking after five refused answers, and says that the task still waits', async () => {
    let reply = await call('pay');
    for (let refused = 0; refused < 4; refused++) reply = await repeat(reply, { approved: false });
    reply = await repeat(reply, { approved: false });
    expect(reply.result).toMatchObject({
      isError: true,
      content: [
        {
          text: 'pay is still waiting for an answer, but 5 answers in a row were refused. Do not call it again. The last answer was refused because: The workflow rejected the answer: say why not',
        },
      ],
    });
  });

  it('ends with the task if the question is declined and the workflow cannot be told', async () => {
    expect((await repeat(await call('pay'), {}, 'decline')).error?.message).toBe('Task was cancelled');
  });
});

describe('2025-11-25', () => {
  const asks = ({ method }: Message): boolean => method === 'elicitation/create';
  const start = async (session: Session, name: string, args: object): Promise<string> =>
    (await session.request(handler, 'tools/call', { name, arguments: args, task: {} })).result.task.taskId;

  it('asks on the stream that awaits the result', async () => {
    const session = await Session.begin(handler);
    const taskId = await start(session, 'pay', { amount: 7 });
    const stream = await session.open(handler, 'tasks/result', { taskId });
    const { id, params } = await stream.next(asks);
    expect(params.message).toBe('Pay 7 for payment?');
    await session.reply(handler, id, { result: { action: 'accept', content: { approved: false, note: 'no money' } } });
    expect(await stream.next(({ id: answered, result }) => answered === stream.requestId && result)).toMatchObject({
      result: { structuredContent: { approved: false, note: 'no money' } },
    });
  });

  it('rejects a reply that is invalid or that the workflow rejects, and asks again with the reason', async () => {
    const session = await Session.begin(handler);
    const taskId = await start(session, 'pay', { amount: 9 });
    const stream = await session.open(handler, 'tasks/result', { taskId });
    let asked = await stream.next(asks);
    for (const [content, problem] of [
      [{ approved: 'perhaps' }, /^Pay 9 for payment\?\n\n.*approved/s],
      [{ approved: false }, /^Pay 9 for payment\?\n\nThe workflow rejected the answer: say why not$/],
    ] as const) {
      // Refused immediately, because sending it again would not help.
      expect(await session.reply(handler, asked.id, { result: { action: 'accept', content } })).toBe(400);
      asked = await stream.next((message) => asks(message) && problem.test(message.params.message));
    }
    expect(
      await session.reply(handler, asked.id, {
        result: { action: 'accept', content: { approved: false, note: 'no money' } },
      }),
    ).toBe(202);
    expect(await stream.next(({ id: answered }) => answered === stream.requestId)).toMatchObject({
      result: { structuredContent: { note: 'no money' } },
    });
  });

  it('asks once, on the stream that awaits the result, even if the client listens at two replicas', async () => {
    const replica = await startGateway({ taskQueue, tools: [{ name: 'pay', ...payment }] });
    try {
      const session = await Session.begin(handler);
      const listening = await Promise.all([session.listen(handler), session.listen(replica.handler())]);
      const taskId = await start(session, 'pay', { amount: 8 });
      await session.request(replica.handler(), 'tasks/get', { taskId });
      const stream = await session.open(replica.handler(), 'tasks/result', { taskId });
      const { id } = await stream.next(asks);
      await session.reply(handler, id, { result: { action: 'accept', content: { approved: false, note: 'no' } } });
      await stream.next(({ id: answered }) => answered === stream.requestId);
      // Both streams received the task's status all along.
      for (const open of listening)
        await open.next(
          ({ method, params }) => method === 'notifications/tasks/status' && params.status === 'completed',
        );
      for (const { messages } of listening) expect(messages.filter(asks)).toEqual([]);
      expect(stream.messages.filter(asks)).toHaveLength(1);
      await Promise.all(listening.map(async (open) => await open.drop()));
    } finally {
      await replica.close();
    }
  });

  it('asks before the start, and continues as the workflow on its own workers', async () => {
    const session = await Session.begin(handler);
    const taskId = await start(session, 'load', { date: 'today' });
    const stream = await session.open(handler, 'tasks/result', { taskId });
    const { id, params } = await stream.next(asks);
    expect(params.message).toBe('Load today?');
    await session.reply(handler, id, { result: { action: 'accept', content: {} } });
    expect(await stream.next(({ id: answered }) => answered === stream.requestId)).toMatchObject({
      result: { structuredContent: { loaded: 'today' } },
    });
  });

  it('starts nothing if the user declines', async () => {
    const session = await Session.begin(handler);
    const taskId = await start(session, 'load', { date: 'today' });
    const stream = await session.open(handler, 'tasks/result', { taskId });
    const { id } = await stream.next(asks);
    await session.reply(handler, id, { result: { action: 'decline' } });
    expect(await stream.next(({ id: answered }) => answered === stream.requestId)).toMatchObject({
      result: {
        isError: true,
        content: [
          { text: 'The user declined, so nothing was started. Call the tool again only if the user asks for it.' },
        ],
      },
    });
  });
});
