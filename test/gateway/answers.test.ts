/** Answers that are given twice, to workflows that know nothing of it: each question is answered once. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2026, type Reply } from '../server/protocol.js';
import { startGateway, startPlainWorker } from './setup.js';

const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const question = { when: '/question', message: 'Go on?', schema: { properties: { said: { type: 'string' } }, required: ['said'] }, args: ['said'] };
const rounds = { workflow: 'Rounds', input: { properties: { rounds: { type: 'integer' } } }, args: ['rounds'], status: { query: 'asks', message: '/told' } };
const tools = [
  { name: 'signal', ...rounds, inputs: { go: { ...question, signal: 'tell' } } },
  { name: 'update', ...rounds, inputs: { go: { ...question, update: 'answer' } } },
];
let replicas: [Gateway, Gateway];
let taskQueue: string;
let stopWorker: (() => Promise<void>) | undefined;
// Without a cache, whose workflows wait some seconds for the worker that had them.
const startWorker = async (): Promise<void> => void (stopWorker = await startPlainWorker(taskQueue, { maxCachedWorkflows: 0 }));
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

const send = async (at: Gateway, method: string, params: Record<string, unknown>): Promise<Reply> => await send2026(at.handler(), method, params, { capabilities });
const begin = async (name: string, times: number): Promise<string> => (await send(replicas[0], 'tools/call', { name, arguments: { rounds: times } })).result.taskId;
/** The key of the open question, as `at` knows it. */
async function open(at: Gateway, taskId: string, told: number): Promise<string> {
  let task: Reply['result'];
  await expect.poll(async () => (task = (await send(at, 'tasks/get', { taskId })).result).statusMessage).toBe(String(told));
  return Object.keys(task.inputRequests)[0] as string;
}
const answer = async (at: Gateway, taskId: string, key: string, said: string): Promise<Reply> => await send(at, 'tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { said } } } });
async function heard(taskId: string): Promise<string[]> {
  await replicas[0].tasks.engine.result('anonymous', taskId);
  return (await send(replicas[0], 'tasks/get', { taskId })).result.result.structuredContent.told;
}

describe.each(['signal', 'update'])('by %s', (name) => {
  it('the first answer is taken, whoever sends another', async () => {
    const taskId = await begin(name, 1);
    const keys = [await open(replicas[0], taskId, 0), await open(replicas[1], taskId, 0)] as const;
    // What is sent now waits for the workflow, all of it.
    await stop();
    for (const [at, said] of [[0, 'first'], [1, 'second'], [0, 'first']] as const) await answer(replicas[at], taskId, keys[at], said);
    await startWorker();
    expect(await heard(taskId)).toEqual(['first']);
  });

  it('a question that is put again is answered again', async () => {
    const taskId = await begin(name, 2);
    await answer(replicas[0], taskId, await open(replicas[0], taskId, 0), 'yes');
    await answer(replicas[0], taskId, await open(replicas[0], taskId, 1), 'yes');
    expect(await heard(taskId)).toEqual(['yes', 'yes']);
  });
});

it.each([
  ['its validator refuses', '', 'say something'],
  ['its handler fails at', 'no', 'not that'],
])('an update that %s can be tried again with another answer', async (_, said, message) => {
  const taskId = await begin('update', 1);
  const key = await open(replicas[0], taskId, 0);
  expect((await answer(replicas[0], taskId, key, said)).error).toMatchObject({ code: -32602, message: `the workflow did not take the answer: ${message}` });
  await answer(replicas[0], taskId, await open(replicas[0], taskId, 0), 'yes');
  expect(await heard(taskId)).toEqual(['yes']);
});
