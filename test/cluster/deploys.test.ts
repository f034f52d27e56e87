/** Worker Deployments: ships version 2 of the workers while tasks pinned to version 1 are running. */
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { Context } from '@temporalio/activity';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, DurableTasks, type DurableTool, type ToolContext } from '../../src/index.js';
import { createWorker, type DurableWorker } from '../../src/worker/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { silent } from '../helpers/stack.js';
import { certificateOf, type Role } from './setup/certificates.js';
import { ERAS, taskClient } from './setup/eras.js';
import { tlsOf } from './setup/temporal.js';

const deploymentName = 'reports';
const taskQueue = `reports-${randomUUID()}`;
const { address, namespace, certificates } = inject('cluster');
const temporal = async (role: Role) => ({ address, namespace, tls: await tlsOf(certificateOf(certificates, role)) });

/** Opens the gate that all tasks wait at. */
let open = (): void => {};
const gate = new Promise<void>((resolve) => (open = resolve));

const activities = {
  async opened(_name: string): Promise<void> {
    const timer = setInterval(() => Context.current().heartbeat(), 1_000);
    await gate.finally(() => clearInterval(timer));
  },
};
export type Activities = typeof activities;

const inputSchema = z.object({ gate: z.string() });
/** Returns the tools as the workers of `version` define them. */
const toolsOf = (version: number): DurableTool[] => [
  defineTool({ name: 'monthly_report', inputSchema, workflow: 'monthlyReport' }),
  defineTool({
    name: 'daily_report',
    inputSchema,
    async run(_args, ctx: ToolContext) {
      ctx.progress(0);
      await gate;
      return { version };
    },
  }),
];

let tasks: DurableTasks;
let server: Listening;
let admin: Connection;
const workers: { worker: DurableWorker; running: Promise<void> }[] = [];

beforeAll(async () => {
  admin = await Connection.connect(await temporal('admin'));
  tasks = await DurableTasks.connect({
    tools: toolsOf(0),
    taskQueue,
    temporal: await temporal('tasks'),
    key: randomBytes(32).toString('hex'),
    logger: silent,
  });
  server = await listen(tasks.handler(() => new McpServer({ name: 'reports', version: '1.0.0' })));
});
afterAll(async () => {
  open();
  await server.close();
  for (const { worker, running } of workers) {
    worker.shutdown();
    await running;
  }
  await tasks.close();
  await admin.close();
});

/** Starts the workers of a version next to the others, and routes new tasks to it. */
async function ship(version: 1 | 2): Promise<void> {
  const buildId = `v${version}`;
  const worker = await createWorker({
    tools: toolsOf(version),
    temporal: await temporal('worker'),
    taskQueue,
    activities,
    workflowsPath: fileURLToPath(new URL(`deploys/${buildId}.ts`, import.meta.url)),
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId },
      defaultVersioningBehavior: 'PINNED',
    },
  });
  workers.push({ worker, running: worker.run() });
  const current = async (): Promise<string | null | undefined> => {
    // Fails until a worker of this version has polled.
    await admin.workflowService
      .setWorkerDeploymentCurrentVersion({ namespace, deploymentName, version: `${deploymentName}.${buildId}` })
      .catch(() => undefined);
    const { workerDeploymentInfo } = await admin.workflowService
      .describeWorkerDeployment({ namespace, deploymentName })
      .catch(() => ({ workerDeploymentInfo: undefined }));
    return workerDeploymentInfo?.routingConfig?.currentVersion;
  };
  await expect.poll(current, { timeout: 60_000, interval: 500 }).toBe(`${deploymentName}.${buildId}`);
}

it('tasks finish on the worker version they started on', async () => {
  const clients = ERAS.map((era) => taskClient(era, server.url));
  const startAll = async (): Promise<string[]> =>
    (
      await Promise.all(
        clients.flatMap((client) => toolsOf(0).map(async ({ name }) => await client.start(name, { gate: 'open' }))),
      )
    ).toSorted();
  const resultsOf = async (ids: readonly string[]): Promise<unknown[]> =>
    await Promise.all(ids.map(async (id) => (await tasks.engine.result('anonymous', id)).outcome));
  const ends = (version: number): unknown =>
    expect.objectContaining({ result: expect.objectContaining({ structuredContent: { version } }) });

  await ship(1);
  const before = await startAll();
  // Wait until all four tasks are at the gate.
  for (const id of before)
    await expect
      .poll(async () => (await tasks.engine.get('anonymous', id)).steps.map(({ state }) => state), { timeout: 30_000 })
      .toEqual(['running']);
  await ship(2);
  const after = await startAll();
  for (const id of after)
    await expect
      .poll(async () => (await tasks.engine.get('anonymous', id)).steps.map(({ state }) => state), { timeout: 30_000 })
      .toEqual(['running']);
  open();
  expect(await resultsOf(before)).toEqual([ends(1), ends(1), ends(1), ends(1)]);
  expect(await resultsOf(after)).toEqual([ends(2), ends(2), ends(2), ends(2)]);
});
