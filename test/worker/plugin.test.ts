/** Durable tools on an existing Worker of the author. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { createWorker, McpTasksPlugin } from '../../src/worker/index.js';
import { startStack, workflowsPath } from '../helpers/stack.js';

const without = fileURLToPath(new URL('../fixtures/workflows-without-ours.ts', import.meta.url));
const LINE = "export * from 'mcp-tasks-temporal/workflows';";
const tool = defineTool({ name: 'hello', inputSchema: z.object({}), run: async () => await Promise.resolve('hello') });
const own = defineTool({ name: 'own', inputSchema: z.object({}), workflow: 'own' });
const quiet = { logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} } };

let connection: NativeConnection;
beforeAll(async () => {
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => await connection.close());

async function authorsWorker(options: Partial<WorkerOptions>, tools = [tool]): Promise<Worker> {
  return await Worker.create({
    connection,
    taskQueue: `test-${randomUUID()}`,
    ...options,
    plugins: [new McpTasksPlugin({ tools })],
  });
}

it('runs function tools next to the author’s own activities and workflows', async () => {
  const stack = await startStack([tool]);
  const worker = await authorsWorker({
    workflowsPath,
    taskQueue: stack.tasks.taskQueue,
    activities: { mine: async () => await Promise.resolve(1) },
  });
  expect(worker.options.activities?.has('mine')).toBe(true);
  await worker.runUntil(async () => {
    const { id } = await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null });
    expect((await stack.tasks.engine.result('ann', id)).outcome).toMatchObject({
      result: { content: [{ text: 'hello' }] },
    });
  });
  await stack.close();
});

it('fails at the start, quoting the line, if the workflows file lacks it', async () => {
  await expect(authorsWorker({ workflowsPath: without })).rejects.toThrow(LINE);
  await expect(
    createWorker({ tools: [tool], workflowsPath: without, temporal: { address: inject('temporalAddress') } }),
  ).rejects.toMatchObject({ code: 'WORKFLOWS_MISSING' });
});

it('checks a prebuilt bundle too', async () => {
  await expect(
    authorsWorker({ workflowBundle: await bundleWorkflowCode({ workflowsPath: without, ...quiet }) }),
  ).rejects.toThrow(LINE);
  const worker = await authorsWorker({ workflowBundle: await bundleWorkflowCode({ workflowsPath, ...quiet }) });
  await worker.runUntil(Promise.resolve());
});

it('requires nothing if there are no function tools', async () => {
  const stack = await startStack([own]);
  const worker = await authorsWorker({ workflowsPath: without, taskQueue: stack.tasks.taskQueue }, [own]);
  await worker.runUntil(async () => {
    const { id } = await stack.tasks.engine.start({ owner: 'ann', tool: own, args: {}, ttl: null });
    expect((await stack.tasks.engine.result('ann', id)).outcome).toMatchObject({
      result: { content: [{ text: 'own' }] },
    });
  });
  await stack.close();
});

it('a worker that is stopped before it runs releases everything', async () => {
  const worker = await createWorker({
    tools: [tool],
    workflowsPath,
    temporal: { address: inject('temporalAddress') },
    taskQueue: `test-${randomUUID()}`,
  });
  worker.shutdown();
  await worker.run();
  expect(worker.worker.getState()).toBe('STOPPED');
});

it('does not change the author’s workflowsPath', () => {
  const options = new McpTasksPlugin({ tools: [tool] }).configureWorker({
    taskQueue: 'q',
    workflowsPath: '/theirs.js',
  });
  expect(options.workflowsPath).toBe('/theirs.js');
  expect(new McpTasksPlugin({ tools: [tool] }).configureWorker({ taskQueue: 'q' }).workflowsPath).toBeUndefined();
});

it('adds its workflow interceptors to the bundle that a worker or the author builds', async () => {
  const plugin = new McpTasksPlugin({ tools: [tool] });
  const { code } = await bundleWorkflowCode({ workflowsPath, plugins: [plugin], ...quiet });
  expect(code).toContain('The input of the next run');
  const { interceptors } = plugin.configureWorker({ taskQueue: 'q', workflowsPath });
  expect(interceptors?.workflowModules).toHaveLength(1);
});
