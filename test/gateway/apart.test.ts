/** Which workflows are the gateway's own; namespaces; payloads as other languages' SDKs encode them. */
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';
import { Client, Connection } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { ensureNamespace } from '../../src/temporal/dev-server/namespace.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const second = `second-${randomUUID()}`;
const input = { properties: { date: { type: 'string' } } };
/** Relabels JSON payloads, so that a worker's results look like protobuf messages encoded as JSON. */
const encoding =
  (from: string, to: string) =>
  (payload: Payload): Payload =>
    Buffer.from(payload.metadata?.['encoding'] ?? []).toString() === from
      ? { ...payload, metadata: { encoding: Buffer.from(to), messageType: Buffer.from('etl.Report') } }
      : payload;
const protobufJson: PayloadCodec = {
  encode: async (payloads) => await Promise.resolve(payloads.map(encoding('json/plain', 'json/protobuf'))),
  decode: async (payloads) => await Promise.resolve(payloads.map(encoding('json/protobuf', 'json/plain'))),
};
const alice: AuthInfo = {
  token: 't',
  clientId: 'c',
  scopes: [],
  extra: { iss: 'https://issuer.example', sub: `alice-${randomUUID()}` },
};

let gateway: Gateway;
const gateways: Gateway[] = [];
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
  for (const opened of [gateway, ...gateways]) await opened.close();
  await client.connection.close();
});

const begin = async (name: string, args: object = {}, at = handler): Promise<string> =>
  (await send2026(at, 'tools/call', { name, arguments: args }, { authInfo: alice })).result.taskId;
const list = async (at: McpHttpHandler, cursor?: string): Promise<Reply> =>
  await send2025(at, 'tasks/list', cursor === undefined ? {} : { cursor }, { authInfo: alice });
/** Reads all pages of a list. @returns each page's cursor and task IDs */
async function pages(at: McpHttpHandler): Promise<{ cursor: string | undefined; tasks: string[] }[]> {
  const read: { cursor: string | undefined; tasks: string[] }[] = [];
  let cursor: string | undefined;
  do {
    const { result } = await list(at, cursor);
    read.push({ cursor, tasks: result.tasks.map(({ taskId }: { taskId: string }) => taskId) });
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return read;
}
const ended = async (taskId: string) => {
  await send2025(handler, 'tasks/result', { taskId }, { authInfo: alice });
  return (await send2026(handler, 'tasks/get', { taskId }, { authInfo: alice })).result;
};

describe('a workflow that the gateway did not start', () => {
  it.each([
    ['with an ID of its own', () => `nightly-${randomUUID()}`],
    [
      'with an ID in the form of a task ID',
      () => `mcp-${randomUUID().replaceAll('-', '')}-${randomUUID().replaceAll('-', '')}`,
    ],
    [
      'with an ID in the range of the caller’s tasks',
      async () => (await begin('load', { date: 'd' })).replace(/.{8}$/, '00000000'),
    ],
  ])('%s cannot be read, cancelled or listed', async (_, id) => {
    const workflowId = await id();
    const handle = await client.workflow.start('Sleeper', { workflowId, taskQueue });
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      expect((await send2026(handler, method, { taskId: workflowId }, { authInfo: alice })).error).toMatchObject({
        code: -32602,
      });
    }
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/result']) {
      expect((await send2025(handler, method, { taskId: workflowId }, { authInfo: alice })).error).toMatchObject({
        code: -32602,
      });
    }
    await expect.poll(async () => (await client.workflow.count(`WorkflowId = '${workflowId}'`)).count).toBe(1);
    const { tasks } = (await send2025(handler, 'tasks/list', {}, { authInfo: alice })).result;
    expect(tasks.map(({ taskId }: { taskId: string }) => taskId)).not.toContain(workflowId);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });
});

describe('tasks of several namespaces', () => {
  it('are started, read and cancelled in their own namespaces', async () => {
    const taskId = await begin('elsewhere', { date: 'd' });
    expect(await ended(taskId)).toMatchObject({ status: 'completed', result: { structuredContent: { loaded: 'd' } } });
    await expect(client.workflow.getHandle(taskId).describe()).rejects.toThrow(/not found/);
    const sleeping = await begin('elsewhere_sleep');
    await send2026(handler, 'tasks/cancel', { taskId: sleeping }, { authInfo: alice });
    expect((await send2026(handler, 'tasks/get', { taskId: sleeping }, { authInfo: alice })).result.status).toBe(
      'cancelled',
    );
  });

  it('are listed one namespace after another', async () => {
    const ids = [await begin('sleep'), await begin('elsewhere_sleep')];
    expect((await pages(handler)).flatMap(({ tasks }) => tasks)).toEqual(expect.arrayContaining(ids));
    for (const cursor of ['9.x', '0.', '0123456789abcdef.'])
      expect((await list(handler, cursor)).error).toMatchObject({ code: -32602 });
    for (const taskId of ids) await send2026(handler, 'tasks/cancel', { taskId }, { authInfo: alice });
  });

  it('can be listed further at another replica or after a reload, whatever the order of namespaces there', async () => {
    const last = `a-${second}`;
    await ensureNamespace(inject('temporalAddress'), last);
    const elsewhere = { name: 'elsewhere', workflow: 'Sleeper', namespace: second };
    const first = { name: 'first', workflow: 'Sleeper', namespace: last };
    const here = { name: 'here', workflow: 'Sleeper' };
    const one = await startGateway({ tools: [here, elsewhere, first] });
    const other = await startGateway({ tools: [first, elsewhere, here] });
    gateways.push(one, other);
    const taskId = await begin('elsewhere', {}, one.handler());
    await expect.poll(async () => (await pages(other.handler())).flatMap(({ tasks }) => tasks)).toContain(taskId);
    const cursor = (await pages(one.handler())).find(({ tasks }) => tasks.includes(taskId))?.cursor;
    expect(cursor).toMatch(/^[0-9a-f]{16}\.$/);
    const fromThere = async (replica: Gateway): Promise<unknown> =>
      (await list(replica.handler(), cursor)).result.tasks.map((task: { taskId: string }) => task.taskId);
    expect(await fromThere(other)).toContain(taskId);
    await other.tasks.useTools([]);
    expect(await fromThere(other)).toContain(taskId);
    await send2026(one.handler(), 'tasks/cancel', { taskId }, { authInfo: alice });
  });

  it('are listed even if the connection’s own namespace has no tasks or does not exist', async () => {
    const address = inject('temporalAddress');
    const aside = await startGateway({
      temporal: { address, namespace: `missing-${second}` },
      taskQueue,
      tools: [{ name: 'sleep', workflow: 'Sleeper', namespace: second }],
    });
    gateways.push(aside);
    const taskId = await begin('sleep', {}, aside.handler());
    expect((await pages(aside.handler())).flatMap(({ tasks }) => tasks)).toContain(taskId);
    await send2026(aside.handler(), 'tasks/cancel', { taskId }, { authInfo: alice });
  });

  it.each([
    [
      'unavailable',
      { address: '127.0.0.1:1' },
      { message: expect.stringContaining('Request the same page again'), data: { retryable: true } },
    ],
    ['missing', {}, {}],
  ])('are never silently missing from a list: a namespace that is %s causes an error', async (_, connection, more) => {
    const gone = `gone-${second}`;
    const logged: string[] = [];
    const note = (fields: object): void => void logged.push(inspect(fields));
    const partly = await startGateway(
      {
        taskQueue,
        namespaces: { [gone]: connection },
        tools: [
          { name: 'sleep', workflow: 'Sleeper' },
          { name: 'gone', workflow: 'Sleeper', namespace: gone },
        ],
      },
      { logger: { debug: note, info: note, warn: note, error: note } },
    );
    gateways.push(partly);
    const taskId = await begin('sleep', {}, partly.handler());
    // Tasks that Temporal's visibility does not show yet are on a page of their own.
    const listed: string[] = [];
    let page = await list(partly.handler());
    for (; page.result?.nextCursor; page = await list(partly.handler(), page.result.nextCursor))
      listed.push(...page.result.tasks.map((task: { taskId: string }) => task.taskId));
    expect(listed).toContain(taskId);
    const { error } = page;
    expect(error).toMatchObject({ code: -32603, ...more });
    expect(JSON.stringify(error)).not.toContain(gone);
    expect(logged.join()).toContain(gone);
    await send2026(partly.handler(), 'tasks/cancel', { taskId }, { authInfo: alice });
  });
});

it('protobuf messages read as their JSON form', async () => {
  expect((await ended(await begin('protobuf', { date: 'd' }))).result.structuredContent).toMatchObject({ loaded: 'd' });
});
