/** Payloads in an encoding that the gateway does not know: only their own content is lost. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import dataConverter, { turned } from '../fixtures/data-converter.mjs';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const input = { properties: { given: {} } };
const tools = [
  { name: 'load', workflow: 'NightlyLoad', input: { properties: { date: { type: 'string' } } } },
  { name: 'failing', workflow: 'Failing', input, args: ['given'] },
  { name: 'slow', workflow: 'Slow', input, args: ['given'] },
  { name: 'flaky', workflow: 'Flaky' },
  { name: 'noted', workflow: 'Noted' },
  { name: 'pay', workflow: 'Payment', status: { query: 'stage', message: '/stage/name' } },
];
const authInfo: AuthInfo = {
  token: 't',
  clientId: 'c',
  scopes: [],
  extra: { iss: 'https://issuer.example', sub: `ann-${randomUUID()}` },
};
let gateway: Gateway;
/** Has the workers' data converter. */
let knowing: Gateway;
let stopWorker: () => Promise<void>;
let client: Connection;
beforeAll(async () => {
  client = await Connection.connect({ address: inject('temporalAddress') });
  gateway = await startGateway({ taskQueue, tools });
  knowing = await startGateway({
    taskQueue,
    tools,
    temporal: {
      address: inject('temporalAddress'),
      dataConverter: fileURLToPath(new URL('../fixtures/data-converter.mjs', import.meta.url)),
    },
  });
  stopWorker = await startPlainWorker(taskQueue, { dataConverter });
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
  await knowing.close();
  await client.close();
});

const begin = async (name: string, args: object = {}, at = gateway): Promise<string> =>
  (await send2026(at.handler(), 'tools/call', { name, arguments: args }, { authInfo })).result.taskId;
const get = async (taskId: string) => (await send2026(gateway.handler(), 'tasks/get', { taskId }, { authInfo })).result;
const cancel = async (taskId: string) => await send2026(gateway.handler(), 'tasks/cancel', { taskId }, { authInfo });
const listed = async (): Promise<string[]> =>
  (await send2025(gateway.handler(), 'tasks/list', {}, { authInfo })).result.tasks.map(
    ({ taskId }: { taskId: string }) => taskId,
  );

it('an unreadable result becomes a tool error that names the encoding and what to do', async () => {
  const taskId = await begin('load', { date: 'd' });
  await expect
    .poll(async () => (await get(taskId)).result)
    .toMatchObject({
      isError: true,
      content: [
        {
          type: 'text',
          text: expect.stringMatching(
            /result cannot be read\. .*\(binary\/turned\).*data converter, codec or encryption keys/,
          ),
        },
      ],
    });
});

it('a failure is reported without its unreadable details', async () => {
  const taskId = await begin('failing', { given: 'activity' });
  await expect
    .poll(async () => (await get(taskId)).result)
    .toMatchObject({
      isError: true,
      content: [{ text: 'activity broken failed on attempt 3: ConnectionError: connection refused' }],
    });
});

it.each([
  ['slow', { given: 3 }, /^slow: running$/],
  ['flaky', {}, /^flaky: attempt 1 failed \(connection refused\); attempt 2 at /],
  ['pay', {}, /^$/],
])('a task of %s can be read, listed and cancelled', async (name, args, message) => {
  const taskId = await begin(name, args);
  await expect.poll(async () => (await get(taskId)).statusMessage ?? '').toMatch(message);
  expect(await listed()).toContain(taskId);
  await cancel(taskId);
  expect((await get(taskId)).status).toBe('cancelled');
});

it('an update’s unreadable result is ignored, and its unreadable rejection loses only the reason', async () => {
  const question = {
    when: '/question',
    message: 'Go on?',
    schema: { properties: { said: { type: 'string' } } },
    update: 'answer',
    args: ['said'],
  };
  const own = `${taskQueue}-odd`;
  const asking = await startGateway({
    taskQueue: own,
    tools: [
      { name: 'ask', workflow: 'Rounds', input, args: ['given'], status: { query: 'asks' }, inputs: { go: question } },
    ],
  });
  const stop = await startPlainWorker(own, {
    dataConverter: {
      payloadCodecs: [
        {
          ...turned,
          encode: async (payloads) =>
            JSON.stringify(payloads.map(({ data }) => Buffer.from(data ?? []).toString())).includes('odd')
              ? await turned.encode(payloads)
              : payloads,
        },
      ],
    },
  });
  const ask = async (method: string, params: Record<string, unknown>) =>
    await send2026(asking.handler(), method, params, {
      capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } },
    });
  const { taskId } = (await ask('tools/call', { name: 'ask', arguments: { given: 1 } })).result;
  let key = '';
  const next = async (last: string): Promise<void> => {
    await expect
      .poll(async () => (key = Object.keys((await ask('tasks/get', { taskId })).result.inputRequests ?? {})[0] ?? last))
      .not.toBe(last);
  };
  const answer = async (said: string) =>
    await ask('tasks/update', { taskId, inputResponses: { [key]: { action: 'accept', content: { said } } } });
  await next('');
  expect((await answer('no')).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('rejected the answer'),
  });
  await next(key);
  expect((await answer('yes')).error).toBeUndefined();
  await expect
    .poll(async () => (await ask('tasks/get', { taskId })).result.result)
    .toMatchObject({ structuredContent: { told: ['yes'] } });
  await stop();
  await asking.close();
});

it('a memo of the workflow’s own does not matter', async () => {
  const taskId = await begin('noted');
  await expect
    .poll(
      async () =>
        (
          await client.workflowService.describeWorkflowExecution({
            namespace: 'default',
            execution: { workflowId: taskId },
          })
        ).workflowExecutionInfo?.memo?.fields,
    )
    .toHaveProperty('note');
  expect((await get(taskId)).status).toBe('working');
  expect(await listed()).toContain(taskId);
  await cancel(taskId);
});

it('a task that cannot be read at all says so, and does not keep others from being listed', async () => {
  const [taskId, other] = [await begin('slow', { given: 3 }, knowing), await begin('slow', { given: 3 })];
  const { error } = await send2026(gateway.handler(), 'tasks/get', { taskId }, { authInfo });
  expect(error).toMatchObject({
    code: -32603,
    message: expect.stringMatching(/\(binary\/turned\).*data converter, codec or encryption keys/),
  });
  expect(error?.data).toBeUndefined();
  expect(await listed()).toEqual(expect.arrayContaining([other]));
  for (const id of [taskId, other]) await send2026(knowing.handler(), 'tasks/cancel', { taskId: id }, { authInfo });
});
