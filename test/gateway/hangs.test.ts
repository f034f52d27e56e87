/** A cluster that accepts calls but does not answer them, or not those of one kind: no request hangs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

/** The promised maximum in milliseconds, plus slack for a slow machine. */
const PROMISED = 5_000 + 500;
const taskQueue = `plain-${randomUUID()}`;
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
  {
    name: 'once',
    workflow: 'Text',
    input: { properties: { key: { type: 'string' } } },
    args: [],
    idempotencyKey: '{key}',
  },
];
const authInfo: AuthInfo = {
  token: 't',
  clientId: 'c',
  scopes: [],
  extra: { iss: 'https://issuer.example', sub: `ann-${randomUUID()}` },
};
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
let proxy: TemporalProxy;
let gateway: Gateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  proxy = await startTemporalProxy();
  gateway = await startGateway({ taskQueue, tools, temporal: { address: proxy.address } });
  stopWorker = await startPlainWorker(taskQueue);
});
afterEach(() => {
  proxy.hang = undefined;
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
  await proxy.close();
});

const send = async (method: string, params: Record<string, unknown>): Promise<Reply> =>
  await send2026(gateway.handler(), method, params, { authInfo, capabilities });
const begin = async (name: string, args: object): Promise<string> =>
  (await send('tools/call', { name, arguments: args })).result.taskId;
async function asking(name: string): Promise<{ taskId: string; key: string }> {
  const taskId = await begin(name, { rounds: 1 });
  let key: string | undefined;
  await expect
    .poll(async () => (key = Object.keys((await send('tasks/get', { taskId })).result.inputRequests ?? {})[0]))
    .toBeDefined();
  return { taskId, key: key as string };
}
const answer = async ({ taskId, key }: { taskId: string; key: string }): Promise<Reply> =>
  await send('tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { said: 'yes' } } } });

/** Summarizes the reply to a request. */
function said({ error }: Reply): string {
  if (!error) return 'an answer';
  return (error.data as { retryable?: boolean } | undefined)?.retryable ? 'try again' : error.message;
}

it.each([
  '',
  'DescribeWorkflow',
  'StartWorkflow',
  'RequestCancel',
  'UpdateWorkflow|SignalWorkflow',
  'History',
  'ListWorkflow',
])('every request is answered in time while Temporal does not answer /%s', async (call) => {
  const [read, cancelled, cancelled2025, bySignal, byUpdate] = [
    await asking('update'),
    await asking('update'),
    await asking('update'),
    await asking('signal'),
    await asking('update'),
  ];
  const ended = await begin('once', { key: randomUUID() });
  await expect.poll(async () => (await send('tasks/get', { taskId: ended })).result.status).toBe('completed');
  proxy.hang = new RegExp(call);
  const asked: Readonly<Record<string, Promise<Reply>>> = {
    'tools/call': send('tools/call', { name: 'update', arguments: { rounds: 1 } }),
    'tools/call with a key': send('tools/call', { name: 'once', arguments: { key: randomUUID() } }),
    'tasks/get': send('tasks/get', { taskId: read.taskId }),
    'tasks/get of an ended one': send('tasks/get', { taskId: ended }),
    'tasks/cancel': send('tasks/cancel', { taskId: cancelled.taskId }),
    'tasks/cancel in 2025-11-25': send2025(
      gateway.handler(),
      'tasks/cancel',
      { taskId: cancelled2025.taskId },
      { authInfo },
    ),
    'tasks/update by signal': answer(bySignal),
    'tasks/update by update': answer(byUpdate),
    'tasks/list': send2025(gateway.handler(), 'tasks/list', {}, { authInfo }),
  };
  const late = delay(PROMISED).then(() => 'nothing');
  for (const [what, reply] of Object.entries(asked))
    expect(['an answer', 'try again'], what).toContain(await Promise.race([reply.then(said), late]));
  proxy.hang = undefined;
  for (const { taskId } of [read, cancelled, cancelled2025, bySignal, byUpdate]) await send('tasks/cancel', { taskId });
});
