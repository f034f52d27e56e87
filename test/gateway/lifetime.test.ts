/** The lifetime of tasks as a gateway file sets it, from the file to the task. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { serveGateway, type Gateway } from '../../src/gateway/index.js';
import { startLimitedTemporal } from '../helpers/limited-temporal.js';
import { send2026 } from '../helpers/raw-requests.js';
import { key, silent, workflowsPath } from '../helpers/stack.js';
import { workflowBundle } from '../helpers/workflow-bundle.js';

const plainWorkflows = fileURLToPath(new URL('../fixtures/plain-workflows.ts', import.meta.url));
let dir: string;
let temporal: TestWorkflowEnvironment;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-lifetime-'));
  // All gateways of a namespace share the task queue of their own workflows, so this one has a server to itself.
  temporal = await startLimitedTemporal({});
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue: 'plain',
    workflowBundle: await workflowBundle(plainWorkflows),
  });
  const running = worker.run();
  stopWorker = async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
});
afterAll(async () => {
  await stopWorker();
  await temporal.teardown();
  await rm(dir, { recursive: true, force: true });
});

/** Serves a gateway file with these settings. */
async function serve(settings: string, tools: string): Promise<Gateway> {
  const file = join(dir, 'mcp-tasks.yaml');
  await writeFile(
    file,
    `temporal: { address: "${temporal.address}" }\ntaskQueue: plain\n${settings}\ntools:\n${tools}`,
  );
  const worker = { workflowBundle: await workflowBundle(workflowsPath) };
  const gateway = await serveGateway(file, { key, logger: silent, worker, watch: false });
  onTestFinished(async () => await gateway.close());
  return gateway;
}

async function start(gateway: Gateway, name: string): Promise<string> {
  return (await send2026(gateway.handler(), 'tools/call', { name, arguments: {} })).result.taskId;
}
const get = async (gateway: Gateway, taskId: string) => await send2026(gateway.handler(), 'tasks/get', { taskId });

it.each([
  ['of the file', 'onTtl: cancel', '', 'onTtl: keep, '],
  ['of the tool', 'onTtl: keep', 'onTtl: cancel, ', ''],
])(
  'onTtl %s: a task that outlasts its ttl is cancelled, and with keep it runs on',
  async (_, settings, ends, stays) => {
    const gateway = await serve(
      `ttl: 1 second\n${settings}`,
      `- { name: ends, ${ends}workflow: Sleeper }\n- { name: stays, ${stays}workflow: Sleeper }\n`,
    );
    const [ended, running] = [await start(gateway, 'ends'), await start(gateway, 'stays')];
    const { outcome } = await gateway.tasks.engine.result('anonymous', ended);
    expect(outcome).toMatchObject({ kind: 'cancelled' });
    expect((await get(gateway, ended)).result).toMatchObject({
      status: 'cancelled',
      statusMessage: expect.stringContaining('it was still running when its ttl passed'),
    });
    expect((await get(gateway, running)).result.status).toBe('working');
    await expect(temporal.client.workflow.getHandle(`mcp-ttl-${running.slice(4)}`).describe()).rejects.toThrow(
      'not found',
    );
    await temporal.client.workflow.getHandle(running).terminate();
  },
);

it.each([
  ['by default, an hour', '', 'completed'],
  ['1 ms', 'resultRetention: 1 ms', undefined],
])('resultRetention %s: what is left of a task whose ttl has passed', async (_, settings, status) => {
  const gateway = await serve(`ttl: 1 ms\n${settings}`, '- { name: text, workflow: Text }\n');
  const taskId = await start(gateway, 'text');
  await temporal.client.workflow.getHandle(taskId).result();
  // Later than the retention, by the clock that stamped the task's end.
  await expect.poll(async () => (await get(gateway, taskId)).result?.status).toBe(status);
});

it('deleteExpired: the workflows of expired tasks are deleted by the gateway’s own worker, and no others', async () => {
  const text = '- { name: text, workflow: Text }\n';
  const keeping = await serve('ttl: 1 ms\nresultRetention: 1 ms', text);
  const kept = await start(keeping, 'text');
  const deleting = await serve('ttl: 1 ms\nresultRetention: 1 ms\ndeleteExpired: true', text);
  const deleted = await start(deleting, 'text');
  const { workflow, schedule: schedules } = temporal.client;
  for (const id of [kept, deleted]) await workflow.getHandle(id).result();
  const listed = async (id: string): Promise<number> => (await workflow.count(`WorkflowId = '${id}'`)).count;
  for (const id of [kept, deleted]) await expect.poll(async () => await listed(id)).toBe(1);
  const schedule = schedules.getHandle('mcp-tasks-janitor-mcp-tasks-gateway');
  await expect.poll(async () => await schedule.describe().catch(() => undefined)).toBeDefined();
  await schedule.trigger();
  await expect.poll(async () => await listed(deleted), { timeout: 60_000 }).toBe(0);
  expect(await listed(kept)).toBe(1);
});
