/** The engine on a real Temporal: what a task reports while it runs, fails, waits and ends. */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTool } from '../../src/index.js';
import { step } from '../../src/activity/index.js';
import { statusMessage } from '../../src/task/message.js';
import type { Task } from '../../src/task/task.js';
import { openEngine } from '../helpers/engine.js';
import { resetToStart } from '../helpers/reset.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const anything = z.object({}).loose();
const attempts: { checkpoint: unknown; attempt: number }[] = [];

const tools = {
  unlucky: defineTool({
    name: 'unlucky',
    inputSchema: anything,
    retry: { maximumAttempts: 5, initialInterval: '1 hour', maximumInterval: '1 hour' },
    async run(_, ctx) {
      ctx.progress(3, 4, 'parts');
      return await Promise.reject(new Error('connection refused'));
    },
  }),
  resuming: defineTool({
    name: 'resuming',
    inputSchema: anything,
    retry: { initialInterval: '10 ms' },
    async run(_, ctx) {
      attempts.push({ checkpoint: ctx.lastCheckpoint, attempt: ctx.attempt });
      if (ctx.attempt === 1) ctx.checkpoint({ next: 7 });
      if (ctx.attempt < 3) throw new Error('again');
      return await Promise.resolve('done');
    },
  }),
  quick: defineTool({ name: 'quick', inputSchema: anything, run: async () => await Promise.resolve({ ok: true }) }),
  order: defineTool({ name: 'order', inputSchema: z.object({ order: z.string() }), workflow: 'placeOrder' }),
  ask: defineTool({ name: 'ask', inputSchema: anything, workflow: 'askTwice' }),
  stubborn: defineTool({ name: 'stubborn', inputSchema: anything, workflow: 'stubborn' }),
  sleeper: defineTool({ name: 'sleeper', inputSchema: anything, workflow: 'sleeper' }),
  brief: defineTool({ name: 'brief', inputSchema: anything, workflow: 'sleeper', timeouts: { execution: '1 second' } }),
  stepped: defineTool({ name: 'stepped', inputSchema: anything, workflow: 'stepThenSleep' }),
  limited: defineTool({ name: 'limited', inputSchema: anything, workflow: 'withAnswer', timeouts: { run: '1 hour' } }),
  evasive: defineTool({ name: 'evasive', inputSchema: anything, workflow: 'evasive' }),
  confused: defineTool({ name: 'confused', inputSchema: anything, workflow: 'confused' }),
  throwing: defineTool({ name: 'throwing', inputSchema: anything, workflow: 'throwing' }),
};

let release: (() => void)[] = [];
const activities = {
  reserve: step(async (order: string, ctx) => {
    ctx.progress(1, 2, 'seats');
    await new Promise<void>((resolve) => release.push(resolve));
    return `${order} reserved`;
  }),
  charge: step(async (order: string) => await Promise.resolve(`${order} charged`)),
};

let stack: Stack;
let temporal: Client;
const ann = 'ann';

beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
});
afterAll(async () => await temporal.connection.close());
beforeEach(async () => {
  release = [];
  stack = await startStack(Object.values(tools));
});
afterEach(async () => {
  for (const go of release) go();
  await stack.close();
});

const startWorker = async () => await stack.startWorker({ workflowsPath, activities });
const start = async (tool: DurableTool, args: object = {}, owner = ann) =>
  await stack.tasks.engine.start({ owner, tool, args, ttl: null });

/** Watches a task and returns the first view that matches. This tests `watch` too. */
async function when(id: string, fits: (task: Task) => boolean, owner = ann): Promise<Task> {
  for await (const task of stack.tasks.engine.watch(owner, id, AbortSignal.timeout(30_000)))
    if (fits(task)) return task;
  throw new Error('the task ended before that');
}

describe('a running task', () => {
  it('can be read without a worker, and says that it is waiting for one', async () => {
    const { id } = await start(tools.quick);
    const task = await stack.tasks.engine.get(ann, id);
    expect(task.outcome).toBeUndefined();
    const waiting = await when(id, ({ stalled }) => stalled !== undefined);
    expect(statusMessage(waiting)).toBe('waiting for a worker');
  });

  it('names the step, its attempt, its last failure and its next retry, even without a worker', async () => {
    const { stop } = await startWorker();
    const { id } = await start(tools.unlucky);
    const failing = await when(id, ({ steps }) => steps[0]?.state === 'retrying');
    expect(failing.steps[0]).toMatchObject({
      name: 'unlucky',
      attempt: 2,
      maximumAttempts: 5,
      lastFailure: 'connection refused',
      progress: { progress: 3, total: 4 },
    });
    expect(failing.steps[0]?.retryAt).toBeGreaterThan(Date.now() + 3_000_000);
    await stop();
    const alone = await stack.tasks.engine.get(ann, id);
    expect(statusMessage(alone)).toMatch(
      /^unlucky: attempt 1 of 5 failed \(connection refused\); attempt 2 at \d{4}-\S+Z, 3 of 4 parts \(75%\)$/,
    );
  });

  it('gives a retry the last checkpoint, even after an attempt that reported nothing', async () => {
    await startWorker();
    const { id } = await start(tools.resuming);
    await stack.tasks.engine.result(ann, id);
    expect(attempts).toEqual([
      { attempt: 1, checkpoint: undefined },
      { attempt: 2, checkpoint: { next: 7 } },
      { attempt: 3, checkpoint: { next: 7 } },
    ]);
  });

  it('shows the status and progress of the workflow and of its steps', async () => {
    await startWorker();
    const { id } = await start(tools.order, { order: 'A1' });
    const task = await when(id, ({ steps, message }) => message !== undefined && steps[0]?.progress !== undefined);
    expect(task).toMatchObject({
      message: 'Reserving A1',
      progress: { progress: 0, total: 2 },
      steps: [{ name: 'reserve', state: 'running', attempt: 1, progress: { progress: 1, total: 2, message: 'seats' } }],
    });
    release.pop()?.();
    const { outcome } = await stack.tasks.engine.result(ann, id);
    expect(outcome).toMatchObject({
      kind: 'result',
      result: { structuredContent: { reserved: 'A1 reserved', charged: 'A1 charged' } },
    });
  });

  it('says that the workflow’s code fails', async () => {
    await startWorker();
    const { id } = await start(tools.throwing, { how: 'typo' });
    expect((await when(id, ({ stalled }) => stalled !== undefined)).stalled).toMatch(
      /the workflow's code keeps failing and is retried \(attempt \d+\): a bug: typo/,
    );
  });

  it('updates its time of last change only when it changes', async () => {
    await startWorker();
    const { id } = await start(tools.order, { order: 'A2' });
    const { updatedAt } = await when(id, ({ steps }) => steps[0]?.progress !== undefined);
    const beat = await when(id, () => true);
    expect((await stack.tasks.engine.get(ann, id)).updatedAt).toBe(updatedAt);
    expect(beat.updatedAt).toBe(updatedAt);
  });

  it('never sets its time of last change back, not even when a step ends and the workflow sleeps', async () => {
    await startWorker();
    const { id } = await start(tools.stepped);
    const running = await when(id, ({ steps }) => steps[0]?.progress !== undefined);
    release.pop()?.();
    const asleep = await when(id, ({ steps, stalled }) => steps.length === 0 && stalled === undefined);
    expect(asleep.updatedAt).toBeGreaterThan(running.updatedAt);
    // A replica that has not seen the step either.
    const other = await startStack(Object.values(tools), { taskQueue: stack.tasks.taskQueue });
    expect((await other.tasks.engine.get(ann, id)).updatedAt).toBe(asleep.updatedAt);
    await other.close();
  });

  it('limits its run to `timeouts.run`, counted from the answer if it asks first', async () => {
    await startWorker();
    const form = { message: 'Sure?', requestedSchema: { type: 'object', properties: {} } };
    const { id } = await stack.tasks.engine.start({
      owner: ann,
      tool: tools.limited,
      args: {},
      ttl: null,
      askFirst: form,
    });
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length === 1);
    const timeoutOf = async (): Promise<number> =>
      Number((await temporal.workflow.getHandle(id).describe()).raw.executionConfig?.workflowRunTimeout?.seconds ?? 0);
    expect(await timeoutOf()).toBe(0);
    await stack.tasks.engine.respond(ann, id, {
      [Object.keys(inputs)[0] as string]: { action: 'accept', content: {} },
    });
    await stack.tasks.engine.result(ann, id);
    expect(await timeoutOf()).toBe(3_600);
  });

  it('ignores progress that is not a number', async () => {
    await startWorker();
    const { id } = await start(tools.confused);
    const task = await when(id, ({ stalled, steps }) => stalled === undefined && steps.length === 0);
    expect(task.progress).toBeUndefined();
    expect(statusMessage(task)).toBeUndefined();
  });
});

describe('input', () => {
  it('stays open until answered, and the first answer counts', async () => {
    await startWorker();
    const { id } = await start(tools.ask);
    const asking = await when(id, ({ inputs }) => Object.keys(inputs).length === 2);
    const [name, size] = Object.keys(asking.inputs) as [string, string];
    expect(asking.inputs[name]).toEqual({
      method: 'elicitation/create',
      params: { mode: 'form', message: 'Name?', requestedSchema: expect.anything() },
    });
    await stack.tasks.engine.respond(ann, id, {
      [name]: { action: 'accept', content: { name: 'Bo' } },
      'no-such-key': 1,
    });
    expect(Object.keys((await stack.tasks.engine.get(ann, id)).inputs)).toEqual([size]);
    await stack.tasks.engine.respond(ann, id, { [name]: { action: 'decline' } });
    await Promise.all(
      [1, 2, 3].map(
        async (n) => await stack.tasks.engine.respond(ann, id, { [size]: { action: 'accept', content: { size: n } } }),
      ),
    );
    const { outcome } = await stack.tasks.engine.result(ann, id);
    expect(outcome.kind === 'result' && outcome.result.structuredContent).toMatchObject({
      name: 'Bo',
      size: expect.any(Number),
    });
  });

  it('is not acknowledged if no worker takes it', async () => {
    const { stop } = await startWorker();
    const { id } = await start(tools.ask);
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length === 2);
    await stop();
    const answers = Object.fromEntries(Object.keys(inputs).map((key) => [key, { action: 'accept', content: {} }]));
    await expect(stack.tasks.engine.respond(ann, id, answers)).rejects.toMatchObject({ code: 'NO_WORKER' });
  });
});

describe('the end', () => {
  it('reads as cancelled from the request on, whatever the workflow does', async () => {
    await startWorker();
    const { id } = await start(tools.stubborn);
    await when(id, ({ message }) => message !== undefined);
    const awaited = stack.tasks.engine.result(ann, id);
    const cancelled = await stack.tasks.engine.cancel(ann, id);
    expect(cancelled.outcome).toEqual({ kind: 'cancelled' });
    expect((await awaited).outcome).toEqual({ kind: 'cancelled' });
    await temporal.workflow.getHandle(id).result();
    expect((await temporal.workflow.getHandle(id).describe()).status.name).toBe('COMPLETED');
    const after = await stack.tasks.engine.get(ann, id);
    expect(after).toMatchObject({ outcome: { kind: 'cancelled' }, updatedAt: cancelled.updatedAt });
    await expect(stack.tasks.engine.cancel(ann, id)).rejects.toMatchObject({ code: 'TASK_ENDED' });
  });

  it('is cancelled for the caller even if Temporal’s answer to the request is lost', async () => {
    const { engine, client } = openEngine();
    const { workflowService } = client;
    const { requestCancelWorkflowExecution: cancel } = workflowService;
    let lost = 1;
    const losing = async (request: object): Promise<object> => {
      const answer = await cancel.call(workflowService, request);
      if (lost-- > 0) throw Object.assign(new Error('connection lost'), { code: 14, details: '', metadata: {} });
      return answer;
    };
    workflowService.requestCancelWorkflowExecution = Object.assign(losing, cancel);
    const { id } = await start(tools.sleeper);
    expect((await engine.cancel(ann, id)).outcome).toEqual({ kind: 'cancelled' });
    await engine.close();
  });

  it('was last changed when it was cancelled, however much its workflow does afterwards', async () => {
    const { id } = await start(tools.sleeper);
    const { updatedAt } = await stack.tasks.engine.cancel(ann, id);
    const handle = temporal.workflow.getHandle(id);
    for (let sent = 0; sent < 2_100; sent += 30)
      await Promise.all(Array.from({ length: 30 }, async () => await handle.signal('unknown')));
    const { engine } = openEngine();
    await expect.poll(async () => (await engine.get(ann, id)).updatedAt).toBe(updatedAt);
    await engine.close();
    await handle.terminate();
  });

  it('stays cancelled when the workflow continues as a new run', async () => {
    await startWorker();
    const { id } = await start(tools.evasive);
    await when(id, ({ message }) => message === 'here');
    const { updatedAt } = await stack.tasks.engine.cancel(ann, id);
    const handle = temporal.workflow.getHandle(id);
    await expect
      .poll(async () => await handle.query('mcpTask').catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ message: 'still here' });
    expect((await handle.describe()).raw.workflowExtendedInfo?.cancelRequested).toBeFalsy();
    expect(await stack.tasks.engine.get(ann, id)).toMatchObject({ outcome: { kind: 'cancelled' }, updatedAt });
    await handle.terminate();
    expect(await stack.tasks.engine.get(ann, id)).toMatchObject({ outcome: { kind: 'cancelled' }, updatedAt });
  });

  it('is that of the run that an operator’s reset created, and the task is listed once', async () => {
    await startWorker();
    const { engine } = stack.tasks;
    const { id } = await start(tools.sleeper);
    await when(id, ({ message }) => message === 'asleep');
    const result = engine.result(ann, id);
    const { runId } = await temporal.workflow.getHandle(id).describe();
    await resetToStart(temporal, id);
    await expect.poll(async () => (await temporal.workflow.getHandle(id).describe()).runId).not.toBe(runId);
    await temporal.workflow.getHandle(id).terminate('enough');
    expect((await result).outcome).toMatchObject({
      kind: 'error',
      error: { message: expect.stringContaining('An operator terminated this task in Temporal (enough)') },
    });
    await expect
      .poll(async () => (await engine.list(ann)).tasks.filter((task) => task.id === id), { timeout: 20_000 })
      .toHaveLength(1);
  });

  it('is no longer awaited once the engine is closed', async () => {
    const other = await startStack(Object.values(tools), { taskQueue: stack.tasks.taskQueue });
    const { id } = await start(tools.sleeper);
    const result = other.tasks.engine.result(ann, id);
    const watch = (async () => {
      for await (const task of other.tasks.engine.watch(ann, id)) expect(task.id).toBe(id);
    })();
    await other.tasks.engine.get(ann, id);
    const settled = Promise.allSettled([result, watch]);
    await other.close();
    expect(await settled).toMatchObject([
      { reason: { code: 'TEMPORAL_UNAVAILABLE' } },
      { reason: { code: 'TEMPORAL_UNAVAILABLE' } },
    ]);
    await stack.tasks.engine.cancel(ann, id);
  });

  it('is noticed without fetching what had happened before, however much that is', async () => {
    const { id } = await start(tools.sleeper);
    const handle = temporal.workflow.getHandle(id);
    for (let sent = 0; sent < 300; sent += 30)
      await Promise.all(Array.from({ length: 30 }, async () => await handle.signal('unknown', 'x'.repeat(1_000))));
    const { engine, client } = openEngine();
    const { workflowService } = client;
    const { getWorkflowExecutionHistory: poll } = workflowService;
    let fetched = 0;
    const counting = async (request: object): Promise<object> => {
      const answer = await poll.call(workflowService, request);
      fetched += answer.history?.events?.length ?? 0;
      return answer;
    };
    workflowService.getWorkflowExecutionHistory = Object.assign(counting, poll);
    const result = engine.result(ann, id);
    for await (const task of engine.watch(ann, id)) {
      if (task.outcome) break;
      await handle.cancel();
    }
    expect((await result).outcome.kind).toBe('cancelled');
    expect(fetched).toBeLessThan(20);
    await engine.close();
    await handle.terminate();
  });

  it('is cancelled even without a worker', async () => {
    const { id } = await start(tools.sleeper);
    await stack.tasks.engine.cancel(ann, id);
    expect((await stack.tasks.engine.result(ann, id)).outcome).toEqual({ kind: 'cancelled' });
  });

  it('is -32603 after a termination, with its reason, and after a timeout', async () => {
    await startWorker();
    const { id } = await start(tools.sleeper);
    await temporal.workflow.getHandle(id).terminate('by an operator');
    expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject({
      kind: 'error',
      error: { code: -32603, message: expect.stringContaining('terminated this task in Temporal (by an operator)') },
    });
    const brief = await start(tools.brief);
    expect((await stack.tasks.engine.result(ann, brief.id)).outcome).toMatchObject({
      kind: 'error',
      error: { code: -32603 },
    });
  });

  it.each([
    ['tool', { kind: 'result', result: { isError: true, content: [{ type: 'text', text: 'the workflow says no' }] } }],
    ['task', { kind: 'error', error: { code: -32061, data: { a: 1 } } }],
  ])('is what a workflow threw (%s)', async (how, outcome) => {
    await startWorker();
    const { id } = await start(tools.throwing, { how });
    expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject(outcome);
  });

  it('expires after its ttl, but not while it runs and not right after it ends', async () => {
    await startWorker();
    const other = await startStack(Object.values(tools), {
      taskQueue: stack.tasks.taskQueue,
      resultRetention: '1 ms',
    });
    const brief = await other.tasks.engine.start({ owner: ann, tool: tools.quick, args: {}, ttl: 0 });
    // A caller that waits for the end may still get the result. Later reads don't.
    await stack.tasks.engine.result(ann, brief.id).catch(() => undefined);
    await expect(stack.tasks.engine.get(ann, brief.id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await other.close();
    const kept = await stack.tasks.engine.start({ owner: ann, tool: tools.quick, args: {}, ttl: 0 });
    expect((await stack.tasks.engine.result(ann, kept.id)).outcome).toMatchObject({ kind: 'result' });
    const running = await stack.tasks.engine.start({ owner: ann, tool: tools.sleeper, args: {}, ttl: 0 });
    expect((await stack.tasks.engine.get(ann, running.id)).outcome).toBeUndefined();
    await stack.tasks.engine.cancel(ann, running.id);
  });
});
