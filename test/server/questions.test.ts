/** Questions of a task in protocol 2025-11-25: sent to the client on one stream, answered at any replica. */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import { wholeEngine } from '../helpers/engine.js';
import { adapters } from '../helpers/adapters.js';
import type { Stack } from '../helpers/stack.js';
import { send2025 } from '../helpers/raw-requests.js';
import { Session, type Endpoint, type Incoming, type Message } from '../helpers/session-client.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'once', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
  defineTool({ name: 'half-way', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askHalfWay' }),
  defineTool({ name: 'undeclared', inputSchema: z.object({}), workflow: 'askOnce' }),
  defineTool({
    name: 'twice-over',
    inputSchema: z.object({}),
    asks: ['elicitation.form'],
    beforeStart: () => ({ message: 'Sure?', requestedSchema: { type: 'object' } }),
    workflow: 'askOnce',
  }),
  defineTool({
    name: 'all',
    inputSchema: z.object({}),
    asks: ['elicitation.form', 'elicitation.url', 'sampling'],
    workflow: 'askAll',
  }),
];
const RELATED = 'io.modelcontextprotocol/related-task';

describe.each(adapters)('questions, %s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let other: Stack<TasksConnection>;
  /** The endpoints of two replicas. */
  let a: Endpoint;
  let b: Endpoint;
  let stopWorker: () => Promise<void>;

  beforeAll(async () => {
    ({ stack, handler: a } = await adapt(tools, { pollInterval: '50 ms' }));
    ({ stack: other, handler: b } = await adapt(tools, { pollInterval: '50 ms', taskQueue: stack.tasks.taskQueue }));
    ({ stop: stopWorker } = await stack.startWorker({ workflowsPath }));
  });
  afterAll(async () => {
    await stack.close();
    await other.close();
  });

  const isQuestion = ({ method, id }: Message): boolean => method !== undefined && id !== undefined;
  const questions = (incoming: Incoming): Message[] => incoming.messages.filter(isQuestion);
  const accept = (content: object): { result: object } => ({ result: { action: 'accept', content } });

  async function create(session: Session, name = 'once', at: Endpoint = a): Promise<string> {
    return (await session.request(at, 'tools/call', { name, task: {} })).result.task.taskId as string;
  }

  async function status(session: Session, taskId: string, at: Endpoint = a): Promise<string> {
    return (await session.request(at, 'tasks/get', { taskId })).result.status as string;
  }

  it('are asked on the open `tasks/result` with the task’s ID, and can be answered at another replica', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const result = await session.open(b, 'tasks/result', { taskId });
    const question = await result.next(isQuestion);
    expect(question).toMatchObject({
      method: 'elicitation/create',
      params: { mode: 'form', message: 'Name?', requestedSchema: { type: 'object' }, _meta: { [RELATED]: { taskId } } },
    });
    // A worker that is busy may not answer the query in time.
    await expect.poll(async () => await status(session, taskId)).toBe('input_required');
    expect(await session.reply(a, question.id, accept({ name: 'Ann' }))).toBe(202);
    const answer = await result.next(({ id }) => id === result.requestId);
    expect(answer.result).toMatchObject({ structuredContent: { name: 'Ann' }, _meta: { [RELATED]: { taskId } } });
  });

  it('are asked once if two streams are open, and again with a new ID when the first is dropped', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const first = await session.open(a, 'tasks/result', { taskId });
    const asked = await first.next(isQuestion);
    const second = await session.open(b, 'tasks/result', { taskId });
    // The first replica holds the claim, which is all that keeps the other replica from asking.
    await expect(
      wholeEngine(other.tasks).claim('anonymous', taskId, { key: 'input-1', claimant: 'somebody', ms: 1000 }),
    ).resolves.toBe('refused');
    expect(questions(second)).toEqual([]);
    await first.drop();
    const again = await second.next(isQuestion);
    expect(again.params).toEqual(asked.params);
    expect(again.id).not.toBe(asked.id);
    // The first question's ID still accepts an answer. After that, no question is open.
    await session.reply(b, asked.id, accept({ name: 'Bea' }));
    await session.reply(b, again.id, accept({ name: 'Cid' }));
    expect((await second.next(({ id }) => id === second.requestId)).result.structuredContent).toEqual({ name: 'Bea' });
    expect([...questions(first), ...questions(second)]).toHaveLength(2);
  });

  it('cost a workflow no update when their client reconnects, and one for a new session or process', async () => {
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const session = await Session.begin(a);
    const taskId = await create(session);
    const updates = async (): Promise<number> => {
      const { events } = await new Client({ connection }).workflow.getHandle(taskId).fetchHistory();
      return events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length ?? 0;
    };
    const ask = async (of: Session, at: Endpoint): Promise<unknown> => {
      const result = await of.open(at, 'tasks/result', { taskId });
      const { id } = await result.next(isQuestion);
      await result.drop();
      return id;
    };
    const asked = new Set<unknown>();
    for (let times = 0; times < 10; times++) asked.add(await ask(session, a));
    expect(asked.size).toBe(10);
    expect(await updates()).toBe(1);
    const later = await Session.begin(a);
    await ask(later, a);
    await ask(session, a);
    await ask(later, a);
    expect(await updates()).toBe(2);
    await ask(session, b);
    expect(await updates()).toBe(3);
    await session.reply(a, [...asked][0], accept({ name: 'Gil' }));
    await stack.tasks.engine.result('anonymous', taskId);
    await connection.close();
  });

  it('go to the newest `tasks/result`, or else to the session’s own stream', async () => {
    const session = await Session.begin(a);
    const stream = await session.listen(a);
    const taskId = await create(session);
    const question = await stream.next(isQuestion);
    expect(question.params._meta).toEqual({ [RELATED]: { taskId } });
    // The question has already been sent, so opening `tasks/result` does not send it again.
    const result = await session.open(a, 'tasks/result', { taskId });
    expect(await session.reply(a, question.id, accept({ name: 'Dan' }))).toBe(202);
    expect((await result.next(({ id }) => id === result.requestId)).result.structuredContent).toEqual({ name: 'Dan' });
    expect(questions(result)).toEqual([]);
    await stream.drop();
  });

  it('reach the stream of any session that has asked for the task', async () => {
    const taskId = await create(await Session.begin(a));
    const later = await Session.begin(b);
    const stream = await later.listen(b);
    await expect.poll(async () => await status(later, taskId, b)).toBe('input_required');
    await later.reply(a, (await stream.next(isQuestion)).id, accept({ name: 'Eve' }));
    await expect.poll(async () => await status(later, taskId, b)).toBe('completed');
    await stream.drop();
  });

  it('are asked again with the reason after an invalid answer, and can be asked by URL and by sampling', async () => {
    const session = await Session.begin(a);
    const result = await session.open(a, 'tasks/result', { taskId: await create(session, 'all') });
    const answers = [
      accept({ age: 'old' }),
      accept({ age: 7 }),
      { result: { action: 'accept' } },
      { result: { role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' } },
    ];
    for (const [index, answer] of answers.entries()) {
      await result.next((message) => isQuestion(message) && questions(result).length === index + 1);
      await session.reply(a, questions(result)[index]?.id, answer);
    }
    await result.next(({ id }) => id === result.requestId);
    expect(
      questions(result).map(({ method, params }) => [
        method,
        params.mode ?? '',
        String(params.message ?? '').split('\n\n').length,
      ]),
    ).toEqual([
      ['elicitation/create', 'form', 1],
      ['elicitation/create', 'form', 2],
      ['elicitation/create', 'url', 1],
      ['sampling/createMessage', '', 1],
      // The quick question, whose deadline passes.
      ...questions(result)
        .slice(4)
        .map(() => ['elicitation/create', 'form', 1]),
    ]);
  });

  it('are asked during an awaited call too, without a task ID', async () => {
    const session = await Session.begin(a);
    const call = await session.open(a, 'tools/call', { name: 'once' });
    const question = await call.next(isQuestion);
    expect(question.params._meta).toBeUndefined();
    await session.reply(b, question.id, accept({ name: 'Fay' }));
    expect((await call.next(({ id }) => id === call.requestId)).result.structuredContent).toEqual({ name: 'Fay' });
  });

  it('come along with the progress of a call that is awaited', async () => {
    const session = await Session.begin(a);
    const call = await session.open(a, 'tools/call', { name: 'half-way', _meta: { progressToken: 7 } });
    expect((await call.next(({ method }) => method === 'notifications/progress')).params).toEqual({
      progressToken: 7,
      progress: 1,
      total: 2,
      message: 'steps',
    });
    await session.reply(b, (await call.next(isQuestion)).id, accept({ name: 'Gus' }));
    expect((await call.next(({ id }) => id === call.requestId)).result.structuredContent).toEqual({ name: 'Gus' });
  });

  describe('a client that cannot answer', () => {
    it('ends the wait by replying with an error', async () => {
      const session = await Session.begin(a);
      const taskId = await create(session);
      const result = await session.open(a, 'tasks/result', { taskId });
      await session.reply(a, (await result.next(isQuestion)).id, {
        error: { code: -32601, message: 'Method not found' },
      });
      expect((await result.next(({ id }) => id === result.requestId)).result).toMatchObject({
        isError: true,
        content: [{ text: 'the client did not answer: Method not found' }],
      });
      expect(await status(session, taskId)).toBe('failed');
    });

    it.each([[{}], [{ elicitation: { url: {} } }]])(
      'is not asked what it did not declare: %j',
      async (capabilities) => {
        const session = await Session.begin(a, capabilities);
        const result = await session.open(a, 'tasks/result', { taskId: await create(session) });
        expect((await result.next(({ id }) => id === result.requestId)).result).toMatchObject({
          isError: true,
          content: [{ text: expect.stringContaining('elicitation.form') }],
        });
        expect(questions(result)).toEqual([]);
      },
    );

    it('is not asked what the tool did not declare either', async () => {
      const session = await Session.begin(a, {});
      const result = await session.open(a, 'tasks/result', { taskId: await create(session, 'undeclared') });
      expect((await result.next(({ id }) => id === result.requestId)).result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('elicitation.form') }],
      });
    });

    it('is asked if it has no session, because its capabilities are unknown', async () => {
      const { taskId } = (await send2025(a, 'tools/call', { name: 'once', task: {} })).result.task;
      const session = await Session.begin(a);
      const result = await session.open(a, 'tasks/result', { taskId });
      await session.reply(a, (await result.next(isQuestion)).id, accept({ name: 'Gus' }));
      expect((await result.next(({ id }) => id === result.requestId)).result.structuredContent).toEqual({
        name: 'Gus',
      });
    });
  });

  it('have new keys after the task has continued as a new run', async () => {
    const session = await Session.begin(a);
    const result = await session.open(a, 'tasks/result', { taskId: await create(session, 'twice-over') });
    const first = await result.next(isQuestion);
    await session.reply(a, first.id, accept({ stale: true }));
    const second = await result.next((message) => isQuestion(message) && message.params.message === 'Name?');
    // Reply again. The question has been answered, so this reply has no effect.
    expect(await session.reply(a, first.id, accept({ stale: true }))).toBe(202);
    await session.reply(a, second.id, accept({ name: 'Lea' }));
    expect((await result.next(({ id }) => id === result.requestId)).result.structuredContent).toEqual({ name: 'Lea' });
  });

  it('ignore replies with a forged ID or from another owner', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const result = await session.open(a, 'tasks/result', { taskId });
    const { id } = await result.next(isQuestion);
    const [prefix, body] = String(id).split('.');
    await session.reply(a, `${prefix}.${body}.${'x'.repeat(22)}`, accept({ name: 'Mallory' }));
    const token = { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'mallory' } };
    const foreign = await Session.begin(a, {}, token);
    expect(await foreign.reply(a, id, accept({ name: 'Mallory' }))).toBe(202);
    expect(await status(session, taskId)).toBe('input_required');
    await session.reply(a, id, accept({ name: 'Hal' }));
    expect((await result.next((message) => message.id === result.requestId)).result.structuredContent).toEqual({
      name: 'Hal',
    });
  });

  it('are invisible to other owners, as is the task, while the owner is notified', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const result = await session.open(a, 'tasks/result', { taskId });
    const { id } = await result.next(isQuestion);
    const foreign = await Session.begin(a, undefined, {
      token: 't',
      clientId: 'c',
      scopes: [],
      extra: { iss: 'https://issuer.example', sub: 'mallory' },
    });
    expect((await foreign.request(a, 'tasks/result', { taskId })).error).toEqual({
      code: -32602,
      message: expect.stringMatching(/^Failed to retrieve task: Task not found\. /),
    });
    await session.reply(a, id, accept({ name: 'Joy' }));
    expect((await result.next((message) => message.id === result.requestId)).result.structuredContent).toEqual({
      name: 'Joy',
    });
  });

  it('go to another of the owner’s streams in the same process when the first one ends', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const first = await session.open(a, 'tasks/result', { taskId });
    const second = await session.open(a, 'tasks/result', { taskId });
    const { id } = await Promise.race([first.next(isQuestion), second.next(isQuestion)]);
    const [asked, idle] = questions(first).length > 0 ? [first, second] : [second, first];
    expect(questions(idle)).toEqual([]);
    await asked.drop();
    const again = await idle.next(isQuestion);
    expect(again.id).not.toBe(id);
    await expect(
      wholeEngine(other.tasks).claim('anonymous', taskId, { key: 'input-1', claimant: 'somebody', ms: 1000 }),
    ).resolves.toBe('refused');
    await session.reply(b, again.id, accept({ name: 'Kim' }));
    expect((await idle.next((message) => message.id === idle.requestId)).result.structuredContent).toEqual({
      name: 'Kim',
    });
  });

  it('keep a reply until there is a worker to take it', async () => {
    const session = await Session.begin(a);
    const taskId = await create(session);
    const result = await session.open(a, 'tasks/result', { taskId });
    const { id } = await result.next(isQuestion);
    await stopWorker();
    expect(await session.reply(b, id, accept({ name: 'Ida' }))).toBe(202);
    ({ stop: stopWorker } = await stack.startWorker({ workflowsPath }));
    expect((await result.next((message) => message.id === result.requestId)).result.structuredContent).toEqual({
      name: 'Ida',
    });
  });
});
