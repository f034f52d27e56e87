/** Idempotency keys in the engine, on a real Temporal: which calls from two replicas share one task. */
import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import pRetry from 'p-retry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type DurableTasksOptions, type DurableTool } from '../../src/index.js';
import { isMcpTasksError } from '../../src/task/errors.js';
import type { IdempotencyKey } from '../../src/task/idempotency-key.js';
import { Keyring } from '../../src/task/keyring.js';
import type { TaskMemo } from '../../src/task/memo.js';
import { MEMO_KEY } from '../../src/task/names.js';
import type { Task } from '../../src/task/task.js';
import { Engine } from '../../src/temporal/engine.js';
import { key as secret, startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const anything = z.object({}).loose();
const quick = defineTool({
  name: 'quick',
  inputSchema: anything,
  run: async () => await Promise.resolve({ ok: true }),
});
const sleeper = defineTool({ name: 'sleeper', inputSchema: anything, workflow: 'sleeper' });
const throwing = defineTool({ name: 'throwing', inputSchema: anything, workflow: 'throwing' });
const refusing = defineTool({
  name: 'refusing',
  inputSchema: anything,
  run: async () => await Promise.resolve({ content: [], isError: true }),
});
const tidy = defineTool({ name: 'tidy', inputSchema: anything, workflow: 'tidy' });
const forgetful = defineTool({ name: 'forgetful', inputSchema: anything, workflow: 'forgetful' });
const tools = [quick, refusing, sleeper, throwing, tidy, forgetful];

let one: Stack;
let two: Stack;
let temporal: Client;
let text: string;

beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
});
afterAll(async () => await temporal.connection.close());
beforeEach(async () => {
  text = randomUUID();
  one = await startStack(tools);
  two = await replica();
});
afterEach(async () => {
  await Promise.all([one.close(), two.close()]);
});

const replica = async (key = secret, options: Partial<DurableTasksOptions> = {}): Promise<Stack> =>
  await startStack(tools, { key, taskQueue: one.tasks.taskQueue, ...options });
const client = (): IdempotencyKey => ({ by: 'client', text });
const own = (): IdempotencyKey => ({ by: 'tool', text });

interface Start {
  readonly key: IdempotencyKey;
  readonly tool?: DurableTool;
  readonly args?: object;
  readonly owner?: string;
  readonly ttl?: number | null;
}
async function start(
  { tasks }: Stack,
  { key, tool = sleeper, args = {}, owner = 'ann', ttl = null }: Start,
): Promise<Task> {
  return await tasks.engine.start({ owner, tool, args, ttl, key });
}
/** Starts a task. Retries if a busy machine does not answer in time, as the error advises. */
const patiently = async (stack: Stack, request: Start): Promise<Task> =>
  await pRetry(async () => await start(stack, request), {
    shouldRetry: ({ error }) => isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE'),
  });
const atOnce = async (times: number, request: Start): Promise<Set<string>> =>
  new Set(
    (await Promise.all(Array.from({ length: times }, async (_, n) => await patiently(n % 2 ? one : two, request)))).map(
      ({ id }) => id,
    ),
  );
const closed = async (id: string): Promise<void> =>
  void (await temporal.workflow
    .getHandle(id)
    .result()
    .catch(() => undefined));
const ended = async ({ id }: Task): Promise<Task> => await one.tasks.engine.result('ann', id);

/** Creates a replica that looks for an existing task, then waits before it starts a new one. */
async function slowReplica() {
  const gate = new EventEmitter();
  const open = once(gate, 'open');
  let waiting = 0;
  const hold: WorkflowClientInterceptor = {
    async startWithDetails(input, next) {
      waiting++;
      await open;
      return await next(input);
    },
  };
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const engine = new Engine({
    client: new Client({ connection, interceptors: { workflow: [hold] } }),
    keys: Keyring.parse(secret),
    taskQueue: one.tasks.taskQueue,
  });
  return {
    start: async ({ key, tool = sleeper, args = {} }: Start): Promise<Task> =>
      await engine.start({ owner: 'ann', tool, args, ttl: null, key }),
    aboutToStart: async (calls: number): Promise<void> => await expect.poll(() => waiting).toBe(calls),
    goOn: (): void => void gate.emit('open'),
    close: async (): Promise<void> => await engine.close(),
  };
}

/**
 * Counts the workflows this test has started, using Temporal's visibility. Starts one more as a marker: once visibility
 * shows the marker, it shows all earlier ones too.
 */
async function workflows(): Promise<number> {
  const last = await one.tasks.engine.start({ owner: 'last', tool: sleeper, args: {}, ttl: null });
  const here = `TaskQueue = '${one.tasks.taskQueue}'`;
  await expect
    .poll(async () => (await temporal.workflow.count(`${here} AND WorkflowId = '${last.id}'`)).count, {
      timeout: 20_000,
    })
    .toBe(1);
  return (await temporal.workflow.count(here)).count - 1;
}

describe('a key', () => {
  it('turns two hundred simultaneous calls at two replicas into one workflow', async () => {
    const ids = await atOnce(200, { key: client(), args: { n: 1 } });
    expect(ids.size).toBe(1);
    expect([...ids][0]).toMatch(/^mcp-[0-9a-f]{32}-[0-9a-f]{32}$/);
    expect(await workflows()).toBe(1);
  }, 180_000);

  it('gives the slower of two calls the task of the faster one, even if it has failed meanwhile', async () => {
    await one.startWorker({ workflowsPath });
    const request: Start = { key: own(), tool: throwing, args: { how: 'tool' } };
    const slow = await slowReplica();
    const [same, other] = [slow.start(request), slow.start({ ...request, args: { how: 'task' } })];
    // It may reject before the assertion below handles it.
    other.catch(() => undefined);
    await slow.aboutToStart(2);
    const { id } = await ended(await start(one, request));
    slow.goOn();
    await expect(same).resolves.toMatchObject({ id, outcome: { kind: 'result', result: { isError: true } } });
    await expect(other).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await slow.close();
  });

  it('returns the current task, whatever the order of the arguments’ properties', async () => {
    const { id } = await start(one, { key: client(), args: { a: 1, b: { c: 2, d: [3] } } });
    const worker = await one.startWorker({ workflowsPath });
    for await (const { message } of one.tasks.engine.watch('ann', id)) if (message === 'asleep') break;
    expect(await start(two, { key: client(), args: { b: { d: [3], c: 2 }, a: 1 } })).toMatchObject({
      id,
      message: 'asleep',
    });
    await worker.stop();
  });

  it.each(['client', 'tool'] as const)('rejects other arguments (%s)', async (by) => {
    await start(one, { key: { by, text }, args: { order: [1, 2] } });
    for (const args of [{ order: [2, 1] }, { order: '1,2' }, {}])
      await expect(start(two, { key: { by, text }, args })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    expect(await workflows()).toBe(1);
  });

  it.each([0, 3])('finds a running task whose ID an earlier version made, as generation %i', async (generation) => {
    await one.startWorker({ workflowsPath });
    const name = JSON.stringify(['sleeper', 'client', text, generation]);
    const [id = ''] = Keyring.parse(secret).earlierTaskIds('ann', name);
    const argumentsHash = Keyring.parse(secret).sign('arguments', `${id}\0{}`);
    const memo: TaskMemo = { version: 1, tool: 'sleeper', createdAt: Date.now(), ttl: null, argumentsHash };
    const { taskQueue } = one.tasks;
    await temporal.workflow.start('sleeper', { workflowId: id, taskQueue, args: [{}], memo: { [MEMO_KEY]: memo } });
    expect(await start(two, { key: client() })).toMatchObject({ id });
    await expect(start(two, { key: client(), args: { other: true } })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await one.tasks.engine.cancel('ann', id);
  });

  it('is separate for each owner, tool, kind and text', async () => {
    const key = client();
    const others = [
      { key },
      { key, owner: 'bob' },
      { key, tool: throwing },
      { key: own() },
      { key: { ...key, text: `${text}x` } },
    ];
    const ids = await Promise.all(others.map(async (other) => (await start(one, other)).id));
    expect(new Set(ids).size).toBe(others.length);
    await expect(one.tasks.engine.get('ann', ids[1] as string)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('lists its task immediately at the replica that answered the call', async () => {
    const owner = randomUUID();
    const { id } = await start(one, { key: client(), owner });
    await start(two, { key: client(), owner });
    for (const { tasks } of [one, two])
      expect((await tasks.engine.list(owner)).tasks.map((task) => task.id)).toEqual([id]);
  });

  it('is not readable in Temporal, and the arguments only in the workflow’s input', async () => {
    const args = { password: 'correct horse' };
    const { id } = await start(one, { key: client(), args });
    const same = await start(one, { key: { ...client(), text: `${text}x` }, args });
    const memos = await Promise.all(
      [id, same.id].map(
        async (taskId) =>
          (await temporal.workflow.getHandle(taskId).describe()).memo?.['mcpTask'] as { argumentsHash: string },
      ),
    );
    expect(JSON.stringify(memos)).not.toMatch(new RegExp(`password|correct|${text}`));
    expect(memos.map(({ argumentsHash }) => argumentsHash)).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
      expect.stringMatching(/^[\w-]{22}$/),
    ]);
    expect(memos[0]?.argumentsHash).not.toBe(memos[1]?.argumentsHash);
  });

  it('finds its task after the server’s secret was rotated', async () => {
    const { id } = await start(one, { key: own(), args: { n: 1 } });
    const rotated = await replica(`${randomBytes(32).toString('hex')},${secret}`);
    expect((await start(rotated, { key: own(), args: { n: 1 } })).id).toBe(id);
    await expect(start(rotated, { key: own(), args: { n: 2 } })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await temporal.workflow.getHandle(id).terminate();
    const next = await start(rotated, { key: own(), args: { n: 1 } });
    expect(next.id.split('-')[1]).not.toBe(id.split('-')[1]);
    expect((await start(rotated, { key: own(), args: { n: 1 } })).id).toBe(next.id);
    await rotated.close();
  });

  it.each(['client', 'tool'] as const)('keeps its task if the workflow has replaced the memo (%s)', async (by) => {
    await one.startWorker({ workflowsPath });
    const key = { by, text };
    const { id } = await start(one, { key, tool: forgetful, args: { n: 1 } });
    for await (const { message } of one.tasks.engine.watch('ann', id)) if (message) break;
    expect((await temporal.workflow.getHandle(id).describe()).memo).toEqual({ mine: true });
    expect(await start(two, { key, tool: forgetful, args: { n: 1 } })).toMatchObject({ id, tool: 'forgetful' });
    await expect(start(two, { key, tool: forgetful, args: { n: 2 } })).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it.each(['client', 'tool'] as const)('is free again once its task has expired (%s)', async (by) => {
    await one.startWorker({ workflowsPath });
    const brief = await replica(secret, { resultRetention: '1 ms' });
    const key = { by, text };
    const first = await start(brief, { key, tool: quick, ttl: 0 });
    await ended(first);
    await expect(one.tasks.engine.get('ann', first.id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    const second = await start(two, { key, tool: quick, args: { now: 'others' } });
    expect(second.id).not.toBe(first.id);
    await ended(second);
    expect(await start(one, { key, tool: quick, args: { now: 'others' } })).toMatchObject({
      id: second.id,
      outcome: { kind: 'result' },
    });
    await brief.close();
  });
});

describe('an ended task', () => {
  const cancel = async ({ id }: Task): Promise<void> => {
    await two.tasks.engine.cancel('ann', id);
    await closed(id);
  };
  const terminate = async ({ id }: Task): Promise<unknown> => await temporal.workflow.getHandle(id).terminate('enough');

  it.each([
    ['a tool error', { tool: throwing, args: { how: 'tool' }, end: ended }],
    ['a JSON-RPC error', { tool: throwing, args: { how: 'task' }, end: ended }],
    ['a result with isError', { tool: refusing, args: {}, end: ended }],
    ['being terminated', { tool: sleeper, args: {}, end: terminate }],
    ['being cancelled', { tool: sleeper, args: {}, end: cancel }],
  ])('that failed (%s) keeps a client’s key and frees the tool’s own', async (_, { tool, args, end }) => {
    const worker = await one.startWorker({ workflowsPath });
    const [kept, first] = [
      await start(one, { key: client(), tool, args }),
      await start(one, { key: own(), tool, args }),
    ];
    await Promise.all([end(kept), end(first)]);
    await worker.stop();
    expect(await start(two, { key: client(), tool, args })).toMatchObject({ id: kept.id, outcome: expect.anything() });
    const second = await start(two, { key: own(), tool, args: { ...args, other: true } });
    expect(second).toMatchObject({ id: expect.not.stringMatching(first.id), inputs: {} });
    expect(second.outcome).toBeUndefined();
    expect((await start(one, { key: own(), tool, args: { ...args, other: true } })).id).toBe(second.id);
    await expect(start(one, { key: own(), tool, args })).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it('that was cancelled frees the tool’s own key only once its work has ended', async () => {
    await one.startWorker({ workflowsPath });
    const first = await start(one, { key: own(), tool: tidy });
    for await (const { message } of one.tasks.engine.watch('ann', first.id)) if (message === 'asleep') break;
    expect(await one.tasks.engine.cancel('ann', first.id)).toMatchObject({ outcome: { kind: 'cancelled' } });
    await expect(start(two, { key: own(), tool: tidy })).rejects.toMatchObject({
      code: 'TASK_ENDING',
      message: expect.stringContaining(`${first.id}, was cancelled, but its work has not ended yet`),
    });
    expect(await workflows()).toBe(1);
    // A call that arrives just before the end waits for it.
    const next = start(two, { key: own(), tool: tidy });
    await temporal.workflow.getHandle(first.id).signal('finish');
    expect((await next).id).not.toBe(first.id);
  });

  it('that succeeded keeps the tool’s own key', async () => {
    await one.startWorker({ workflowsPath });
    const { id } = await start(one, { key: own(), tool: quick });
    await ended(await start(two, { key: own(), tool: quick }));
    expect(await start(two, { key: own(), tool: quick })).toMatchObject({
      id,
      outcome: { kind: 'result', result: { structuredContent: { ok: true } } },
    });
  });

  it('that failed is replaced by a single new task, however many calls arrive at once', async () => {
    const first = await start(one, { key: own() });
    await terminate(first);
    const ids = await atOnce(60, { key: own() });
    expect(ids.size).toBe(1);
    expect(ids).not.toContain(first.id);
    expect(await workflows()).toBe(2);
  });

  it('is replaced even after twenty failures', async () => {
    const ids = new Set<string>();
    for (let generation = 0; generation < 20; generation++) {
      const task = await start(generation % 2 ? one : two, { key: own() });
      ids.add(task.id);
      await terminate(task);
    }
    expect(ids.size).toBe(20);
    const { id } = await start(one, { key: own() });
    expect((await start(two, { key: own() })).id).toBe(id);
    expect(await workflows()).toBe(21);
  });
});
