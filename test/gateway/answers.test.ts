/** Answers sent twice, to workflows that do not expect it: each question gets one answer. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { wholeEngine } from '../helpers/engine.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const question = {
  when: '/question',
  message: 'Go on?',
  schema: { properties: { said: { type: 'string' } }, required: ['said'] },
  args: ['said'],
};
const rounds = {
  workflow: 'Rounds',
  input: { properties: { rounds: { type: 'integer' } } },
  args: ['rounds'],
  status: { query: 'asks', message: '/told' },
};
const tools = [
  { name: 'signal', ...rounds, inputs: { go: { ...question, signal: 'tell' } } },
  { name: 'update', ...rounds, inputs: { go: { ...question, update: 'answer' } } },
];
let replicas: [Gateway, Gateway];
let taskQueue: string;
let stopWorker: (() => Promise<void>) | undefined;
// No workflow cache: after a restart, cached workflows would wait some seconds for the worker that had them.
const startWorker = async (): Promise<void> =>
  void (stopWorker = await startPlainWorker(taskQueue, { maxCachedWorkflows: 0 }));
const stop = async (): Promise<void> => {
  await stopWorker?.();
  stopWorker = undefined;
};
beforeEach(async () => {
  taskQueue = `plain-${randomUUID()}`;
  replicas = [await startGateway({ taskQueue, tools }), await startGateway({ taskQueue, tools })];
  await startWorker();
});
afterEach(async () => {
  await stop();
  for (const replica of replicas) await replica.close();
});

const send = async (at: Gateway, method: string, params: Record<string, unknown>): Promise<Reply> =>
  await send2026(at.handler(), method, params, { capabilities });
const begin = async (name: string, times: number): Promise<string> =>
  (await send(replicas[0], 'tools/call', { name, arguments: { rounds: times } })).result.taskId;
/** Waits until `at` reports an open question. @returns its key */
async function open(at: Gateway, taskId: string, told: number): Promise<string> {
  let task: Reply['result'];
  await expect
    .poll(async () => (task = (await send(at, 'tasks/get', { taskId })).result))
    .toMatchObject({
      status: 'input_required',
      // A refused answer is mentioned after that.
      statusMessage: expect.stringMatching(
        new RegExp(String.raw`^waiting for the user to answer "Go on\?" · ${told}( · |$)`),
      ),
    });
  return Object.keys(task.inputRequests)[0] as string;
}
const answer = async (at: Gateway, taskId: string, key: string, said: string): Promise<Reply> =>
  await send(at, 'tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { said } } } });
async function heard(taskId: string): Promise<string[]> {
  await replicas[0].tasks.engine.result('anonymous', taskId);
  return (await send(replicas[0], 'tasks/get', { taskId })).result.result.structuredContent.told;
}

describe.each(['signal', 'update'])('questions answered by %s', (name) => {
  it('take the first answer, wherever a second one is sent', async () => {
    const taskId = await begin(name, 1);
    for (const at of replicas) await open(at, taskId, 0);
    // Read it again now that nothing changes any more, so that both replicas know it is open even without a worker.
    const keys = [await open(replicas[0], taskId, 0), await open(replicas[1], taskId, 0)] as const;
    // From here on, every answer waits for the workflow.
    await stop();
    for (const [at, said] of [
      [0, 'first'],
      [1, 'second'],
      [0, 'first'],
    ] as const)
      await answer(replicas[at], taskId, keys[at], said);
    await startWorker();
    expect(await heard(taskId)).toEqual(['first']);
  });

  it('an identical question after an answer is a new question, whose key is new and the same at every replica', async () => {
    const taskId = await begin(name, 2);
    const first = await open(replicas[0], taskId, 0);
    await answer(replicas[0], taskId, first, 'yes');
    const second = await open(replicas[0], taskId, 1);
    expect(second).not.toBe(first);
    expect(await open(replicas[1], taskId, 1)).toBe(second);
    // A late answer to the first question.
    await answer(replicas[1], taskId, first, 'late');
    await answer(replicas[1], taskId, second, 'yes');
    expect(await heard(taskId)).toEqual(['yes', 'yes']);
  });
});

it('the status says that an answer was not accepted, and why, until another is', async () => {
  const taskId = await begin('signal', 1);
  const key = await open(replicas[0], taskId, 0);
  const inputResponses = { [key]: { action: 'accept', content: {} } };
  expect((await send(replicas[0], 'tasks/update', { taskId, inputResponses })).error).toMatchObject({ code: -32602 });
  const { result } = await send(replicas[0], 'tasks/get', { taskId });
  expect(result.statusMessage).toMatch(
    /^waiting for the user to answer "Go on\?" .*an answer was not accepted: .*said/,
  );
  await answer(replicas[0], taskId, key, 'yes');
  expect(await heard(taskId)).toEqual(['yes']);
});

it('a list says it too', async () => {
  const listing = await startGateway({ taskQueue, tools }, { owner: () => `ann-${taskQueue}` });
  onTestFinished(async () => await listing.close());
  const params = { name: 'signal', arguments: { rounds: 1 } };
  const { taskId } = (await send(listing, 'tools/call', params)).result;
  const key = await open(listing, taskId, 0);
  await send(listing, 'tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: {} } } });
  const { tasks } = (await send2025(listing.handler(), 'tasks/list', {})).result;
  expect(tasks).toMatchObject([{ taskId, statusMessage: expect.stringContaining('an answer was not accepted') }]);
});

it.each([
  ['has not seen the task', 0],
  ['saw only the previous question', 1],
])('a replica that %s accepts no answer while no worker can confirm that the question is open', async (_, seen) => {
  const taskId = await begin('signal', seen + 1);
  for (let told = 0; told < seen; told++) {
    await open(replicas[1], taskId, told);
    await answer(replicas[0], taskId, await open(replicas[0], taskId, told), 'yes');
  }
  const key = await open(replicas[0], taskId, seen);
  await stop();
  expect((await answer(replicas[1], taskId, key, 'last')).error).toMatchObject({
    code: -32603,
    data: { retryable: true },
    message: expect.stringContaining('No worker'),
  });
  await expect(
    wholeEngine(replicas[1].tasks).reply('anonymous', taskId, key, {
      answer: { action: 'accept', content: { said: 'last' } },
    }),
  ).rejects.toMatchObject({ code: 'NO_WORKER' });
  expect((await answer(replicas[1], taskId, 'unheard-of', 'last')).error).toBeUndefined();
  await startWorker();
  await expect
    .poll(async () => (await answer(replicas[1], taskId, key, 'last')).error, { timeout: 20_000 })
    .toBeUndefined();
  expect(await heard(taskId)).toEqual([...Array.from({ length: seen }, () => 'yes'), 'last']);
});

it('a repeated question can be answered again, however long the history since then', async () => {
  const taskId = await begin('signal', 2);
  await answer(replicas[0], taskId, await open(replicas[0], taskId, 0), 'yes');
  const key = await open(replicas[0], taskId, 1);
  await stop();
  const client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  // Each signal is a separate batch in the history.
  const handle = client.workflow.getHandle(taskId);
  for (let sent = 0; sent < 2_200; sent += 50)
    await Promise.all(Array.from({ length: 50 }, async () => await handle.signal('noise')));
  await client.connection.close();
  await startWorker();
  await expect
    .poll(async () => (await answer(replicas[0], taskId, key, 'again')).error, { timeout: 30_000 })
    .toBeUndefined();
  expect(await heard(taskId)).toEqual(['yes', 'again']);
}, 90_000);

it.each([
  ['its validator rejects', '', 'say something'],
  ['its handler fails on', 'no', 'not that'],
])('an update that %s can be retried with another answer', async (_, said, message) => {
  const taskId = await begin('update', 1);
  const key = await open(replicas[0], taskId, 0);
  expect((await answer(replicas[0], taskId, key, said)).error).toMatchObject({
    code: -32602,
    message: `The workflow rejected the answer: ${message}`,
  });
  await answer(replicas[0], taskId, await open(replicas[0], taskId, 0), 'yes');
  expect(await heard(taskId)).toEqual(['yes']);
});
