/** What is the gateway's and what is not; namespaces; payloads as other languages' SDKs write them. */
import { randomUUID } from 'node:crypto';
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';
import { Client, Connection } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { ensureNamespace } from '../../src/temporal/dev-server/namespace.js';
import { send2025, send2026 } from '../server/protocol.js';
import { startGateway, startPlainWorker } from './setup.js';

const taskQueue = `plain-${randomUUID()}`;
const second = `second-${randomUUID()}`;
const input = { properties: { date: { type: 'string' } } };
/** A worker whose JSON is protobuf messages' JSON, as far as its encoding goes. */
const encoding = (from: string, to: string) => (payload: Payload): Payload => (Buffer.from(payload.metadata?.['encoding'] ?? []).toString() === from ? { ...payload, metadata: { encoding: Buffer.from(to), messageType: Buffer.from('etl.Report') } } : payload);
const protobufJson: PayloadCodec = {
  encode: async (payloads) => await Promise.resolve(payloads.map(encoding('json/plain', 'json/protobuf'))),
  decode: async (payloads) => await Promise.resolve(payloads.map(encoding('json/protobuf', 'json/plain'))),
};
const alice: AuthInfo = { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: `alice-${randomUUID()}` } };

let gateway: Gateway;
let handler: McpHttpHandler;
let client: Client;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  const address = inject('temporalAddress');
  await ensureNamespace(address, second);
  client = new Client({ connection: await Connection.connect({ address }) });
  gateway = await startGateway({
    taskQueue,
    tools: [
      { name: 'load', workflow: 'NightlyLoad', input },
      { name: 'sleep', workflow: 'Sleeper' },
      { name: 'elsewhere', workflow: 'NightlyLoad', input, namespace: second },
      { name: 'elsewhere_sleep', workflow: 'Sleeper', namespace: second },
      { name: 'protobuf', workflow: 'NightlyLoad', input, taskQueue: `${taskQueue}-protobuf` },
    ],
  });
  handler = gateway.handler();
  stops.push(await startPlainWorker(taskQueue));
  stops.push(await startPlainWorker(taskQueue, { namespace: second }));
  stops.push(await startPlainWorker(`${taskQueue}-protobuf`, { dataConverter: { payloadCodecs: [protobufJson] } }));
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await gateway.close();
  await client.connection.close();
});

const begin = async (name: string, args: object = {}): Promise<string> => (await send2026(handler, 'tools/call', { name, arguments: args }, { authInfo: alice })).result.taskId;
const ended = async (taskId: string) => {
  await send2025(handler, 'tasks/result', { taskId }, { authInfo: alice });
  return (await send2026(handler, 'tasks/get', { taskId }, { authInfo: alice })).result;
};

describe('a workflow that the gateway has not started', () => {
  it.each([
    ['under a name of its own', () => `nightly-${randomUUID()}`],
    ['under an ID like those of tasks', () => `mcp-${randomUUID().replaceAll('-', '')}-${randomUUID().replaceAll('-', '')}`],
    ["under an ID of the caller's own tasks", async () => (await begin('load', { date: 'd' })).replace(/.{8}$/, '00000000')],
  ])('%s can be neither read nor cancelled, nor is it listed', async (_, id) => {
    const workflowId = await id();
    const handle = await client.workflow.start('Sleeper', { workflowId, taskQueue });
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      expect((await send2026(handler, method, { taskId: workflowId }, { authInfo: alice })).error).toMatchObject({ code: -32602 });
    }
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/result']) {
      expect((await send2025(handler, method, { taskId: workflowId }, { authInfo: alice })).error).toMatchObject({ code: -32602 });
    }
    await expect.poll(async () => (await client.workflow.count(`WorkflowId = '${workflowId}'`)).count).toBe(1);
    const { tasks } = (await send2025(handler, 'tasks/list', {}, { authInfo: alice })).result;
    expect(tasks.map(({ taskId }: { taskId: string }) => taskId)).not.toContain(workflowId);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });
});

describe('tasks of several namespaces', () => {
  it('are started, read and cancelled in theirs', async () => {
    const taskId = await begin('elsewhere', { date: 'd' });
    expect(await ended(taskId)).toMatchObject({ status: 'completed', result: { structuredContent: { loaded: 'd' } } });
    await expect(client.workflow.getHandle(taskId).describe()).rejects.toThrow(/not found/);
    const sleeping = await begin('elsewhere_sleep');
    await send2026(handler, 'tasks/cancel', { taskId: sleeping }, { authInfo: alice });
    expect((await send2026(handler, 'tasks/get', { taskId: sleeping }, { authInfo: alice })).result.status).toBe('cancelled');
  });

  it('are listed, one namespace after the other', async () => {
    const ids = [await begin('sleep'), await begin('elsewhere_sleep')];
    const listed: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const { result } = await send2025(handler, 'tasks/list', cursor === undefined ? {} : { cursor }, { authInfo: alice });
      listed.push(...result.tasks.map(({ taskId }: { taskId: string }) => taskId));
      cursor = result.nextCursor;
    }
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect((await send2025(handler, 'tasks/list', { cursor: '9.x' }, { authInfo: alice })).error).toMatchObject({ code: -32602 });
    for (const taskId of ids) await send2026(handler, 'tasks/cancel', { taskId }, { authInfo: alice });
  });
});

it('protobuf messages are read as their JSON', async () => {
  expect((await ended(await begin('protobuf', { date: 'd' }))).result.structuredContent).toMatchObject({ loaded: 'd' });
});
