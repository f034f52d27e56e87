/** How long tasks live: the ttl that Temporal can keep, and what happens to work that outlasts it. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import { task2025 } from '../../src/protocol/2025-11-25/task.js';
import { ttlWorkflowId } from '../../src/task/names.js';
import type { Task } from '../../src/task/task.js';
import { Engine, Keyring } from '../../src/temporal/index.js';
import { deleteExpired } from '../../src/temporal/janitor/delete-expired.js';
import { Calls } from '../../src/temporal/rpc/calls.js';
import { startProxy } from '../helpers/grpc-proxy.js';
import { openEngine } from '../helpers/engine.js';
import { key, startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy } from '../helpers/temporal-proxy.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({}).loose();
const day = 86_400_000;
const tidy = defineTool({ name: 'tidy', inputSchema, workflow: 'tidy' });
const quick = defineTool({ name: 'quick', inputSchema, run: async () => await Promise.resolve({ ok: true }) });

let stack: Stack;
let temporal: Client;
beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack([tidy, quick]);
  await stack.startWorker({ workflowsPath });
});
afterAll(async () => {
  await stack.close();
  await temporal.connection.close();
});

const start = async (tool: DurableTool, ttl: number | null, onTtl?: 'keep' | 'cancel'): Promise<Task> =>
  await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl, ...(onTtl ? { onTtl } : {}) });

it('a ttl longer than Temporal’s retention is shortened to it, for every reader; no ttl and a shorter one stay', async () => {
  const long = await start(quick, 30 * day);
  expect(long.ttl).toBe(day);
  expect((await stack.tasks.engine.get('ann', long.id)).ttl).toBe(day);
  expect((await start(quick, null)).ttl).toBeNull();
  expect((await start(quick, day / 2)).ttl).toBe(day / 2);
});

it('work may take as long as the ttl that was requested, even if Temporal’s retention is shorter', async () => {
  const { id, ttl } = await start(tidy, 30 * day, 'cancel');
  expect(ttl).toBe(day);
  const { events } = await temporal.workflow.getHandle(ttlWorkflowId(id)).fetchHistory();
  const { firstWorkflowTaskBackoff } = events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  expect(Number(firstWorkflowTaskBackoff?.seconds)).toBeGreaterThan((29 * day) / 1000);
  await stack.tasks.engine.cancel('ann', id);
  await temporal.workflow.getHandle(ttlWorkflowId(id)).terminate();
});

it('a ttl is kept as requested if the server may not read the retention', async () => {
  const proxy = await startProxy({ DescribeNamespace: { status: 7, message: 'not for you' } });
  const { engine } = openEngine(proxy.address);
  const request = { owner: 'ann', tool: quick, args: {}, ttl: 30 * day };
  expect((await engine.start(request)).ttl).toBe(30 * day);
  expect((await engine.start(request)).ttl).toBe(30 * day);
  await engine.close();
  await proxy.stop();
});

it('a start does not wait for the retention more than once', async () => {
  const proxy = await startTemporalProxy();
  proxy.hang = /DescribeNamespace/;
  const { engine } = openEngine(proxy.address);
  const request = { owner: 'ann', tool: quick, args: {}, ttl: 30 * day };
  expect((await engine.start(request)).ttl).toBe(30 * day);
  // Each start has a second to spare at most, so five that waited for the retention would take too long.
  const five = Array.from({ length: 5 }, async () => await engine.start(request));
  expect((await Promise.all(five)).map(({ ttl }) => ttl)).toEqual(Array(5).fill(30 * day));
  await engine.close();
  await proxy.close();
});

it('with onTtl: cancel, a task that outlasts its ttl is cancelled and cleans up, without any server', async () => {
  const other = await startStack([tidy], { taskQueue: stack.tasks.taskQueue });
  const { id } = await other.tasks.engine.start({
    owner: 'ann',
    tool: tidy,
    args: {},
    ttl: 1_500,
    onTtl: 'cancel',
  });
  await other.close();
  const task = await stack.tasks.engine.result('ann', id);
  expect(task2025(task, 1_000)).toMatchObject({
    status: 'cancelled',
    statusMessage:
      'This task was cancelled because it was still running when its ttl passed; to let it finish, call the tool again with a longer ttl.',
  });
  // It cleans up until it gets this signal.
  expect((await temporal.workflow.getHandle(id).describe()).status.name).toBe('RUNNING');
  await temporal.workflow.getHandle(id).signal('finish');
  await expect(temporal.workflow.getHandle(id).result()).rejects.toThrow('cancelled');
});

it('with onTtl: cancel, a task that ends in time keeps its result, and with onTtl: keep it runs on', async () => {
  const [ended, running] = [await start(quick, 1_500, 'cancel'), await start(tidy, 1, 'keep')];
  expect((await stack.tasks.engine.result('ann', ended.id)).outcome).toMatchObject({ kind: 'result' });
  await temporal.workflow.getHandle(`mcp-ttl-${ended.id.slice(4)}`).result();
  expect((await stack.tasks.engine.get('ann', ended.id)).outcome).toMatchObject({ kind: 'result' });
  expect((await stack.tasks.engine.get('ann', running.id)).outcome).toBeUndefined();
  await temporal.workflow.getHandle(running.id).terminate();
});

it('with deleteExpired, a schedule deletes the closed workflows of expired tasks, and nothing else', async () => {
  const options = { taskQueue: stack.tasks.taskQueue, resultRetention: '1 ms' } as const;
  const [deleting, replica] = await Promise.all(
    [1, 2].map(async () => await startStack([tidy, quick], { ...options, deleteExpired: true })),
  );
  const plain = await startStack([tidy, quick], options);
  const run = async ({ tasks }: Stack, tool: DurableTool, ttl: number | null): Promise<string> => {
    const { id } = await tasks.engine.start({ owner: 'ann', tool, args: {}, ttl });
    if (tool === quick) await temporal.workflow.getHandle(id).result();
    return id;
  };
  const expired = await run(deleting as Stack, quick, 0);
  const others = [
    // Running, not expired, kept for as long as Temporal does, and one whose server did not ask for deletion.
    await run(deleting as Stack, tidy, 0),
    await run(replica as Stack, quick, day),
    await run(deleting as Stack, quick, null),
    await run(plain, quick, 0),
  ];
  const schedule = temporal.schedule.getHandle(`mcp-tasks-janitor-${stack.tasks.taskQueue}`);
  await expect.poll(async () => await schedule.describe().catch(() => undefined)).toBeDefined();
  const listed = async (id: string): Promise<number> => (await temporal.workflow.count(`WorkflowId = '${id}'`)).count;
  for (const id of [expired, ...others]) await expect.poll(async () => await listed(id)).toBe(1);
  await schedule.trigger();
  const begun = async () => (await schedule.describe()).info.recentActions[0]?.action.workflow.workflowId;
  await expect.poll(begun).toBeDefined();
  // The number of workflows that it deleted.
  expect(await temporal.workflow.getHandle((await begun()) as string).result()).toBe(1);
  await expect.poll(async () => await listed(expired), { timeout: 60_000 }).toBe(0);
  for (const id of others) expect(await listed(id)).toBe(1);
  await schedule.delete();
  await temporal.workflow.getHandle(others[0] as string).terminate();
  await Promise.all([deleting?.close(), replica?.close(), plain.close()]);
}, 120_000);

it('an expired task is deleted however many closed workflows are newer and have to be kept', async () => {
  const { client } = openEngine();
  const calls = new Calls(client);
  const engine = new Engine({
    client,
    keys: Keyring.parse(key),
    taskQueue: stack.tasks.taskQueue,
    resultRetention: '1 ms',
    deleteExpired: true,
  });
  const { id } = await engine.start({ owner: 'ann', tool: quick, args: {}, ttl: 0 });
  await temporal.workflow.getHandle(id).result();
  await expect
    .poll(async () => (await temporal.workflow.count(`WorkflowId = '${id}' AND CloseTime IS NOT NULL`)).count)
    .toBe(1);
  const { workflowService } = client;
  const list = workflowService.listWorkflowExecutions.bind(workflowService) as (request: object) => Promise<object>;
  const newer = { execution: { workflowId: 'mcp-0-of-another-application', runId: 'r' } };
  let pages = 0;
  vi.spyOn(workflowService, 'listWorkflowExecutions').mockImplementation((async (request: { query: string }) => {
    if (!request.query.includes('BETWEEN')) return await list(request);
    if (pages++ < 200)
      return { executions: Array.from({ length: 100 }, () => newer), nextPageToken: Buffer.from('next') };
    // Of the real ones only this one: the other tests' workflows may be thousands.
    const query = `WorkflowId = '${id}' AND CloseTime IS NOT NULL`;
    return await list({ ...request, query, nextPageToken: Buffer.of() });
  }) as never);
  expect(await deleteExpired(calls, () => {})).toBe(1);
  await expect
    .poll(async () => (await temporal.workflow.count(`WorkflowId = '${id}'`)).count, { timeout: 60_000 })
    .toBe(0);
  await calls.close();
}, 120_000);

it('simultaneous calls under one key share what cancels their task', async () => {
  const idempotencyKey = { by: 'client', text: randomUUID() } as const;
  const request = { owner: 'ann', tool: tidy, args: {}, ttl: 3_600_000, onTtl: 'cancel', key: idempotencyKey } as const;
  const ids = await Promise.all([1, 2, 3].map(async () => (await stack.tasks.engine.start(request)).id));
  expect(new Set(ids).size).toBe(1);
  for (const id of [ids[0] as string, `mcp-ttl-${ids[0]?.slice(4)}`]) await temporal.workflow.getHandle(id).terminate();
});
