/** Many followers of a task share one watcher: counted in requests to a real Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { openEngine, type OpenEngine } from '../helpers/engine.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy } from '../helpers/temporal-proxy.js';

const sleeper = defineTool({ name: 'sleeper', inputSchema: z.object({}), workflow: 'sleeper' });
const asker = defineTool({
  name: 'asker',
  inputSchema: z.object({}),
  asks: ['elicitation.form'],
  workflow: 'askTwice',
});
const ann = 'ann';

let stack: Stack;
let temporal: Client;
let opened: OpenEngine;
/** The requests of the engine under test. */
let requests: Requests;
beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack([sleeper, asker]);
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
});
afterAll(async () => {
  await stack.close();
  await temporal.connection.close();
});
beforeEach(() => {
  opened = openEngine();
  requests = count(opened.client);
});
afterEach(async () => await opened.engine.close());

interface Requests {
  reads: number;
  /** Long polls that are open now, and the most that were open at a time. */
  polls: { open: number; most: number };
}

function count({ workflowService }: Client): Requests {
  const counted: Requests = { reads: 0, polls: { open: 0, most: 0 } };
  const { describeWorkflowExecution: read, getWorkflowExecutionHistory: history } = workflowService;
  const reading = async (request: object): Promise<object> => {
    counted.reads++;
    return await read.call(workflowService, request);
  };
  const polling = async (request: { readonly waitNewEvent?: boolean }): Promise<object> => {
    if (!request.waitNewEvent) return await history.call(workflowService, request);
    counted.polls.open++;
    counted.polls.most = Math.max(counted.polls.most, counted.polls.open);
    return await history.call(workflowService, request).finally(() => counted.polls.open--);
  };
  workflowService.describeWorkflowExecution = Object.assign(reading, read);
  workflowService.getWorkflowExecutionHistory = Object.assign(polling, history);
  return counted;
}

/** Starts a task that sleeps until it is cancelled. */
async function asleep(): Promise<string> {
  const { id } = await stack.tasks.engine.start({ owner: ann, tool: sleeper, args: {}, ttl: null });
  for await (const { message } of stack.tasks.engine.watch(ann, id)) if (message === 'asleep') break;
  return id;
}

/** Collects a watch's views, and calls `first` with the first one. */
async function viewsOf(watch: AsyncGenerator<Task, void>, first: () => void): Promise<Task[]> {
  const views: Task[] = [];
  for await (const task of watch) if (views.push(task) === 1) first();
  return views;
}

it('costs the same, whether one or fifty follow a task, and shows everybody the same', async () => {
  const id = await asleep();
  const { engine } = opened;
  let shown = 0;
  const watches = Array.from({ length: 40 }, async () => await viewsOf(engine.watch(ann, id), () => shown++));
  const results = Array.from({ length: 10 }, async () => await engine.result(ann, id));
  await expect.poll(() => shown).toBe(40);
  await temporal.workflow.getHandle(id).cancel();
  const views = await Promise.all(watches);
  expect(new Set(views.map((one) => JSON.stringify(one))).size).toBe(1);
  for (const last of [...(await Promise.all(results)), ...views.map((one) => one.at(-1))])
    expect(outcomeOf(last)).toBe('cancelled');
  expect(requests.reads).toBeLessThan(40);
  expect(requests.polls.most).toBe(1);
  await expect.poll(() => requests.polls.open).toBe(0);
});

it('goes on until the last follower has left', async () => {
  const id = await asleep();
  const { engine } = opened;
  const leaving = [new AbortController(), new AbortController()] as const;
  const [one, other] = leaving.map(({ signal }) => engine.watch(ann, id, signal));
  await Promise.all([one?.next(), other?.next()]);
  await expect.poll(() => requests.polls.open).toBe(1);
  // Nobody fetches a view of either.
  leaving[0].abort();
  await engine.get(ann, id);
  expect(requests.polls.open).toBe(1);
  leaving[1].abort();
  await expect.poll(() => requests.polls.open).toBe(0);
  await temporal.workflow.getHandle(id).terminate();
});

it('shows a new follower the task as it is then, even if the others have not heard yet', async () => {
  const proxy = await startTemporalProxy();
  const { engine } = openEngine(proxy.address);
  try {
    proxy.hang = /GetWorkflowExecutionHistory$/;
    const id = await asleep();
    const before = engine.watch(ann, id, undefined, { progress: () => false });
    expect(outcomeOf((await before.next()).value ?? undefined)).toBeUndefined();
    await temporal.workflow.getHandle(id).cancel();
    expect(outcomeOf((await engine.watch(ann, id).next()).value ?? undefined)).toBe('cancelled');
    expect(outcomeOf((await before.next()).value ?? undefined)).toBe('cancelled');
  } finally {
    await engine.close();
    await proxy.close();
  }
});

it('waits while Temporal is away, but not for the first view of an impatient follower', async () => {
  const proxy = await startTemporalProxy();
  const { engine } = openEngine(proxy.address);
  try {
    const id = await asleep();
    proxy.refuseWith = 14;
    const patient = engine.watch(ann, id);
    const first = patient.next();
    await expect(engine.watch(ann, id, undefined, { impatient: true }).next()).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
    });
    proxy.refuseWith = undefined;
    expect((await first).value).toMatchObject({ message: 'asleep' });
    await patient.return();
    await temporal.workflow.getHandle(id).terminate();
  } finally {
    await engine.close();
    await proxy.close();
  }
});

it('fails for everybody when Temporal refuses to read the task', async () => {
  const proxy = await startTemporalProxy();
  const { engine } = openEngine(proxy.address);
  try {
    const id = await asleep();
    const watches = Array.from({ length: 3 }, () => engine.watch(ann, id));
    await Promise.all(watches.map(async (watch) => await watch.next()));
    const ends = Promise.allSettled([engine.result(ann, id), ...watches.map(async (watch) => await watch.next())]);
    proxy.refuseWith = 7;
    await temporal.workflow.getHandle(id).signal('any');
    expect(await ends).toMatchObject(Array.from({ length: 4 }, () => ({ reason: { code: 'TEMPORAL_REFUSED' } })));
    proxy.refuseWith = undefined;
    // The next follower starts anew.
    expect((await engine.watch(ann, id).next()).value).toMatchObject({ message: 'asleep' });
    await temporal.workflow.getHandle(id).terminate();
  } finally {
    await engine.close();
    await proxy.close();
  }
});

function outcomeOf(task: Task | undefined): string | undefined {
  return task?.outcome?.kind;
}

it('shows the answer of a slow worker after reads have stopped waiting for it, and queries it once', async () => {
  const { id } = await stack.tasks.engine.start({ owner: ann, tool: asker, args: {}, ttl: null });
  await expect.poll(async () => Object.keys((await stack.tasks.engine.get(ann, id)).inputs)).toHaveLength(2);
  const { engine, asked } = opened;
  // Twice as long as a read waits.
  opened.beforeQuery = async () => await delay(1_000);
  const watch = engine.watch(ann, id, undefined, { progress: () => false });
  expect((await watch.next()).value).toMatchObject({ inputs: {} });
  // A read that begins now does not wait for it again.
  expect(await engine.get(ann, id)).toMatchObject({ inputs: {} });
  expect(Object.keys((await watch.next()).value?.inputs ?? {})).toHaveLength(2);
  expect(Object.keys((await engine.get(ann, id)).inputs)).toHaveLength(2);
  expect(asked).toHaveLength(1);
  await watch.return();
  await temporal.workflow.getHandle(id).terminate();
});
