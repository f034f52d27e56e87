/** How encrypted tasks read: their failures, their sizes, and what remains readable without a key. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, ExternalStorage } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encryption } from '../../src/encryption/index.js';
import { defineTool } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { DirectoryDriver } from '../../src/temporal/index.js';
import { startStack, workflowsPath, type Stack } from '../helpers/stack.js';
import { workflowBundle } from '../helpers/workflow-bundle.js';

const ann = 'ann';
const key = (): string => randomBytes(32).toString('base64');
const [first, second] = [`first:${key()}`, `second:${key()}`];

const inputSchema = z.object({ text: z.string().default(''), times: z.number().default(1) });
const echo = defineTool({
  name: 'echo',
  inputSchema,
  run: async ({ text, times }) => await Promise.resolve({ text: text.repeat(times) }),
});
/** Fails until its worker stops. */
const flaky = defineTool({
  name: 'flaky',
  inputSchema,
  retry: { initialInterval: '30 seconds' },
  run: async ({ text, times }) =>
    await Promise.reject(ApplicationFailure.retryable(text.repeat(times), 'ConnectionError', { card: 'visa' })),
});
const broken = defineTool({
  name: 'broken',
  inputSchema,
  retry: { maximumAttempts: 1 },
  run: async ({ text }) =>
    await Promise.reject(ApplicationFailure.retryable(text, 'ConnectionError', { card: 'visa' })),
});
const tools = [echo, flaky, broken];

let dir: string;
let stack: Stack;
/** Servers of the same tasks: one after the keys have rotated, and one without the first key. */
let rotated: Stack;
let without: Stack;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-encrypted-'));
  stack = await startStack(tools, { dataConverter: encryption({ keys: first }) });
  await stack.startWorker();
  const { taskQueue } = stack.tasks;
  rotated = await startStack(tools, { taskQueue, dataConverter: encryption({ keys: `${second},${first}` }) });
  without = await startStack(tools, { taskQueue, dataConverter: encryption({ keys: second }) });
});
afterAll(async () => {
  for (const one of [stack, rotated, without]) await one.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(tool = echo, args: object = { text: 'hello' }, { tasks } = stack): Promise<string> {
  return (await tasks.engine.start({ owner: ann, tool, args, ttl: null })).id;
}
async function end(tool = echo, args?: object, on = stack): Promise<Task & { id: string }> {
  const id = await start(tool, args, on);
  return { ...(await on.tasks.engine.result(ann, id)), id };
}
async function failing(text: string, times = 1): Promise<string> {
  const id = await start(flaky, { text, times });
  await expect
    .poll(async () => (await stack.tasks.engine.get(ann, id)).steps, { timeout: 20_000 })
    .toMatchObject([{ state: 'retrying' }]);
  return id;
}

describe('a step that will be retried', () => {
  it('shows its failure and the next attempt', async () => {
    const { steps } = await stack.tasks.engine.get(ann, await failing('connection to db-1 refused'));
    expect(steps).toMatchObject([{ lastFailure: 'connection to db-1 refused', retryAt: expect.any(Number) }]);
  });

  it('shows the beginning of a failure that Temporal has cut, and with it the encrypted message', async () => {
    const { steps } = await stack.tasks.engine.get(ann, await failing('connection refused. ', 1_000));
    expect(steps[0]?.lastFailure).toMatch(/^(connection refused\. ){10}/);
  });

  it('says why its failure is unreadable without the key', async () => {
    const id = await failing('connection refused');
    await expect(without.tasks.engine.get(ann, id)).rejects.toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: expect.stringMatching(/with key first, which this process does not have/),
    });
  });
});

describe('after the keys have rotated', () => {
  it('earlier tasks are readable, listed and cancellable', async () => {
    const { id } = await end();
    expect((await rotated.tasks.engine.get(ann, id)).outcome).toMatchObject({
      result: { structuredContent: { text: 'hello' } },
    });
    await expect
      .poll(async () => (await rotated.tasks.engine.list(ann)).tasks.map((task) => task.id), { timeout: 20_000 })
      .toContain(id);
    const running = await failing('x');
    expect(await rotated.tasks.engine.cancel(ann, running)).toMatchObject({ outcome: { kind: 'cancelled' } });
  });

  it('a task that this server cannot read does not keep others from being listed', async () => {
    const unreadable = await start();
    const readable = await start(echo, {}, without);
    await expect
      .poll(async () => (await without.tasks.engine.list(ann)).tasks.map((task) => task.id), { timeout: 20_000 })
      .toContain(readable);
    expect((await without.tasks.engine.list(ann)).tasks.map((task) => task.id)).not.toContain(unreadable);
  });

  it('a worker without the new key fails the workflow task, and a worker with it continues', async () => {
    const id = await start(echo, { text: 'later' }, without);
    await expect
      .poll(async () => (await rotated.tasks.engine.get(ann, id)).stalled, { timeout: 20_000 })
      .toMatch(/with key second, which this process does not have/);
    await stack.close();
    const both = await rotated.startWorker();
    expect((await rotated.tasks.engine.result(ann, id)).outcome).toMatchObject({
      result: { structuredContent: { text: 'later' } },
    });
    await both.stop();
    stack = await startStack(tools, { taskQueue: rotated.tasks.taskQueue, dataConverter: encryption({ keys: first }) });
    await stack.startWorker();
  });
});

it('tasks from before encryption stay readable', async () => {
  const plain = await startStack(tools);
  const encrypted = await startStack(tools, {
    taskQueue: plain.tasks.taskQueue,
    dataConverter: encryption({ keys: first }),
  });
  try {
    await plain.startWorker();
    const { id } = await end(broken, { text: 'plain failure' }, plain);
    expect(await encrypted.tasks.engine.get(ann, id)).toMatchObject({
      outcome: { result: { content: [{ text: 'plain failure' }] } },
    });
  } finally {
    await plain.close();
    await encrypted.close();
  }
});

describe('sizes', () => {
  it('a result up to the limit fits Temporal’s as well, and a larger one is a tool error', async () => {
    const fits = await end(echo, { text: 'x'.repeat(10), times: 199_980 });
    expect(fits.outcome).toMatchObject({ result: { structuredContent: {} } });
    const large = await end(echo, { text: 'x'.repeat(10), times: 200_000 });
    expect(large.outcome).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringMatching(/the limit is 2,000,000/) }] },
    });
  });

  it('external storage gets encrypted payloads', async () => {
    const dataConverter = (): ReturnType<typeof encryption> =>
      encryption({
        keys: first,
        dataConverter: { externalStorage: new ExternalStorage({ drivers: [new DirectoryDriver({ dir })] }) },
      });
    const storing = await startStack(tools, { dataConverter: dataConverter() });
    try {
      await storing.startWorker({ dataConverter: dataConverter() });
      const { outcome } = await end(echo, { text: 'planted '.repeat(125), times: 3_000 }, storing);
      expect(JSON.stringify(outcome)).toContain('planted planted');
    } finally {
      await storing.close();
    }
    const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(names).not.toHaveLength(0);
    for (const { parentPath, name } of names) {
      const content = await readFile(join(parentPath, name));
      expect(content.includes('binary/encrypted')).toBe(true);
      expect(content.includes('planted')).toBe(false);
    }
  });
});

describe('a workflow bundle', () => {
  it('without the failure converter is refused', async () => {
    const bundle = await workflowBundle(workflowsPath);
    await expect(stack.startWorker({ workflowBundle: bundle })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('failureConverterPath: dataConverter.failureConverterPath'),
    });
  });

  it('with it is accepted', async () => {
    const bundle = await workflowBundle(workflowsPath, encryption({ keys: first }).failureConverterPath);
    const { worker, stop } = await stack.startWorker({ workflowBundle: bundle });
    expect(worker.worker.getState()).toBe('RUNNING');
    await stop();
  });
});
