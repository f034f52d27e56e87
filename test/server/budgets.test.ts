/** Tasks that wait so long that their workflow reaches one of Temporal's limits. */
import { setImmediate as immediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, type DurableTool } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { existing, openEngine, wholeEngine } from '../helpers/engine.js';
import { startPlainWorker } from '../helpers/gateway.js';
import { startLimitedTemporal } from '../helpers/limited-temporal.js';
import { Session, type Endpoint, type Message } from '../helpers/session-client.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'once', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
];
const asksFirst = defineTool({
  name: 'asks-first',
  inputSchema: z.object({}),
  beforeStart: () => ({ message: 'Sure?', requestedSchema: { type: 'object' } }),
  workflow: 'askOnce',
});
const isQuestion = ({ method, id }: Message): boolean => method !== undefined && id !== undefined;
const accept = (content: object): { result: object } => ({ result: { action: 'accept', content } });
const UPDATES = 4;

let temporal: TestWorkflowEnvironment;
beforeAll(async () => void (temporal = await startLimitedTemporal({ updates: UPDATES, signals: UPDATES })));
afterAll(async () => await temporal.teardown());

describe.each(adapters)('a question before the work begins that waits for very long, %s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let at: Endpoint;
  const ann = 'rule\0ann';
  beforeAll(async () => {
    const options = { temporal: { address: temporal.address }, owner: () => 'ann' };
    ({ stack, handler: at } = await adapt([asksFirst], options));
    await stack.startWorker({ workflowsPath });
  });
  afterAll(async () => await stack.close());

  /** Claims the question until the workflow has continued as new. */
  async function waitLong(taskId: string): Promise<void> {
    const runOf = async (): Promise<string> => (await temporal.client.workflow.getHandle(taskId).describe()).runId;
    const first = await runOf();
    for await (const task of stack.tasks.engine.watch(ann, taskId)) if (task.inputs['input-1']) break;
    for (let claims = 0; (await runOf()) === first; claims++)
      await wholeEngine(stack.tasks).claim(ann, taskId, { key: 'input-1', claimant: `process ${claims}`, ms: 1 });
  }

  it('stays the same question of the same task, and can be answered', async () => {
    const session = await Session.begin(at);
    const { task } = (await session.request(at, 'tools/call', { name: 'asks-first', task: {} })).result;
    const { taskId } = task;
    await waitLong(taskId);
    await waitLong(taskId);
    await expect.poll(async () => Object.keys((await stack.tasks.engine.get(ann, taskId)).inputs)).toEqual(['input-1']);
    const now = (await session.request(at, 'tasks/get', { taskId })).result;
    expect(now).toMatchObject({ status: 'input_required', createdAt: task.createdAt });
    const result = await session.open(at, 'tasks/result', { taskId });
    await session.reply(at, (await result.next(isQuestion)).id, accept({ sure: true }));
    const second = await result.next((message) => isQuestion(message) && message.params.message === 'Name?');
    await session.reply(at, second.id, accept({ name: 'Cid' }));
    expect((await result.next(({ id }) => id === result.requestId)).result.structuredContent).toEqual({ name: 'Cid' });
  });

  it('is listed once and can be cancelled', async () => {
    const session = await Session.begin(at);
    const { taskId } = (await session.request(at, 'tools/call', { name: 'asks-first', task: {} })).result.task;
    await waitLong(taskId);
    const listed = async (): Promise<string[]> =>
      (await stack.tasks.engine.list(ann)).tasks.map(({ id }) => id).filter((id) => id === taskId);
    await expect.poll(listed).toEqual([taskId]);
    expect((await session.request(at, 'tasks/cancel', { taskId })).result.status).toBe('cancelled');
    expect((await stack.tasks.engine.result(ann, taskId)).outcome.kind).toBe('cancelled');
  });
});

describe.each(adapters)('a workflow that takes no update any more, %s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let at: Endpoint;
  beforeAll(async () => {
    ({ stack, handler: at } = await adapt(tools, { temporal: { address: temporal.address } }));
    await stack.startWorker({ workflowsPath });
  });
  afterAll(async () => await stack.close());

  async function exhausted(session: Session): Promise<string> {
    const { taskId } = (await session.request(at, 'tools/call', { name: 'once', task: {} })).result.task;
    for await (const task of stack.tasks.engine.watch('anonymous', taskId)) if (task.inputs['input-1']) break;
    const claim = { key: 'input-1', claimant: 'a process that is gone', ms: 1 };
    const claims = Array.from(
      { length: UPDATES },
      async () => await wholeEngine(stack.tasks).claim('anonymous', taskId, claim),
    );
    expect(await Promise.all(claims)).not.toContain('unavailable');
    expect(await wholeEngine(stack.tasks).claim('anonymous', taskId, claim)).toBe('unavailable');
    return taskId;
  }

  it('still asks on a `tasks/result`, and takes the answer', async () => {
    const session = await Session.begin(at);
    const taskId = await exhausted(session);
    const result = await session.open(at, 'tasks/result', { taskId });
    const { id } = await result.next(isQuestion);
    expect(await session.reply(at, id, accept({ name: 'Ann' }))).toBe(202);
    expect((await result.next((message) => message.id === result.requestId)).result.structuredContent).toEqual({
      name: 'Ann',
    });
  });

  it('takes answers that are not replies, however many the client sends', async () => {
    const session = await Session.begin(at);
    const { engine } = stack.tasks;
    const taskId = await exhausted(session);
    for (let sent = 0; sent < 2 * UPDATES; sent++)
      await engine.respond('anonymous', taskId, { [`no-question-${sent}`]: { action: 'decline' } });
    await engine.respond('anonymous', taskId, { 'input-1': { action: 'accept', content: { name: 'Bea' } } });
    expect((await engine.result('anonymous', taskId)).outcome).toMatchObject({
      result: { structuredContent: { name: 'Bea' } },
    });
  });
});

it('an existing workflow that takes no update any more says so, instead of asking for the answer again', async () => {
  const { engine, taskQueue } = openEngine(temporal.address);
  const stopWorker = await startPlainWorker(taskQueue, { connection: temporal.nativeConnection });
  const question = { query: 'asks', when: '/question', message: 'Go on?', schema: { type: 'object', properties: {} } };
  const mapping = { inputs: { go: { ...question, answer: { kind: 'update', name: 'answer' } as const } } };
  const { id } = await engine.start({
    owner: 'ann',
    tool: existing('Rounds', mapping),
    args: { given: UPDATES + 1 },
    ttl: null,
  });
  const answered = new Set<string>();
  const answer = async (): Promise<void> => {
    for await (const { inputs } of engine.watch('ann', id)) {
      const [key] = Object.keys(inputs).filter((one) => !answered.has(one));
      if (key === undefined) continue;
      answered.add(key);
      return await engine.respond('ann', id, { [key]: { action: 'accept', content: { said: 'yes' } } });
    }
  };
  for (let sent = 0; sent < UPDATES; sent++) await answer();
  await expect(answer()).rejects.toMatchObject({
    code: 'UPDATE_LIMIT',
    message: expect.stringContaining('cancel the task'),
  });
  await stopWorker();
  await engine.close();
});

it.each(['chatty', 'function'])('100,000 progress reports leave few events in the history: %s', async (name) => {
  const REPORTS = 100_000;
  const { tasks, startWorker, close } = await startStack(
    [
      defineTool({ name: 'chatty', inputSchema: z.object({ reports: z.number() }), workflow: 'chatty' }),
      defineTool({
        name: 'function',
        inputSchema: z.object({ reports: z.number() }),
        async run({ reports }, ctx) {
          for (let done = 1; done <= reports; done++) {
            ctx.progress(done, reports, 'rows');
            // Lets the worker send heartbeats meanwhile.
            if (done % 100 === 0) await immediate();
          }
        },
      }),
    ],
    { temporal: { address: temporal.address } },
  );
  await startWorker({ workflowsPath });
  const tool = tasks.tools.find((one) => one.name === name) as DurableTool;
  const { id } = await tasks.engine.start({ owner: 'ann', tool, args: { reports: REPORTS }, ttl: null });
  expect((await tasks.engine.result('ann', id)).outcome.kind).toBe('result');
  expect((await temporal.client.workflow.getHandle(id).describe()).historyLength).toBeLessThan(1_000);
  await close();
});
