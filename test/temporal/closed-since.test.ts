/** Tasks without a long poll: one query of the visibility store notices the ends of all. Counted, on a real Temporal. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type Logger } from '../../src/index.js';
import type { Engine } from '../../src/temporal/index.js';
import { Calls } from '../../src/temporal/rpc/calls.js';
import { ClosedSince, type ClosedSincePace } from '../../src/temporal/watch/closed-since.js';
import { openEngine, type OpenEngine } from '../helpers/engine.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';

/** No worker runs these. */
const waiting = defineTool({ name: 'waiting', inputSchema: z.object({}), workflow: 'sleeper' });
/** Another one in each test, because queries find the tasks of all tests. */
let ann: string;
const NEVER = 3_600_000;
const PACE: ClosedSincePace = {
  pause: { shortest: 100, longest: 1_000 },
  overlap: { usual: 60_000, wide: 60_000, every: NEVER },
  pages: { rows: 500, most: 20 },
  turn: { every: NEVER, perSecond: 1 },
};

let proxy: TemporalProxy;
/** Only its requests pass the proxy. */
let opened: OpenEngine;
/** The lines of its log. */
let lines: string[];
/** Starts and ends tasks. */
let other: OpenEngine;
let closing: (() => Promise<void>)[];
beforeEach(async () => {
  closing = [];
  ann = randomUUID();
  proxy = await startTemporalProxy();
  lines = [];
  const log = (_: object, line: string): void => void lines.push(line);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  opened = openEngine(proxy.address, { maxLongPolls: 10, logger });
  other = openEngine();
});
afterEach(async () => {
  for (const close of closing) await close();
  await opened.engine.close();
  await other.engine.close();
  await proxy.close();
});

const started = async (owner: string = ann): Promise<string> =>
  (await other.engine.start({ owner, tool: waiting, args: {}, ttl: null })).id;
async function many(number: number): Promise<string[]> {
  const ids: string[] = [];
  const lane = async (): Promise<void> => {
    while (ids.length < number) ids.push(await started());
  };
  await Promise.all(Array.from({ length: Math.min(number, 20) }, lane));
  return ids.slice(0, number);
}
const end = async (id: string): Promise<unknown> => await other.client.workflow.getHandle(id).terminate('enough');
const counted = (method: string): number => proxy.calls.get(method) ?? 0;
const reads = (): number => counted('DescribeWorkflowExecution');
const queries = (): number => counted('ListWorkflowExecutions');
const moreQueries = async (number: number): Promise<void> => {
  const before = queries();
  await expect.poll(queries, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + number);
};

it(
  'notices the ends of hundreds of tasks, which nobody reads until then but in turn',
  { timeout: 120_000 },
  async () => {
    const ids = await many(400);
    const results = ids.map(async (id) => await opened.engine.result(ann, id));
    // Each is read once at first. The few with a long poll are read once more.
    await expect.poll(reads, { timeout: 30_000 }).toBeGreaterThanOrEqual(400);
    await moreQueries(1);
    const before = reads();
    await moreQueries(6);
    // Each is read in turn, but once a minute.
    expect(reads() - before).toBeLessThan(200);
    for (const id of ids) await end(id);
    for (const { outcome } of await Promise.all(results)) expect(outcome).toMatchObject({ kind: 'error' });
    expect(lines).toEqual([]);
  },
);

it('asks nothing while there are long polls for all', async () => {
  const ids = await many(10);
  const results = ids.map(async (id) => await opened.engine.result(ann, id));
  await expect.poll(() => counted('GetWorkflowExecutionHistory')).toBeGreaterThanOrEqual(10);
  for (const id of ids) await end(id);
  await Promise.all(results);
  expect(queries()).toBe(0);
});

it('keeps the long polls for those who follow more than the end', async () => {
  const ids = await many(12);
  const results = ids.map(async (id) => await opened.engine.result(ann, id));
  await expect.poll(queries).toBeGreaterThan(0);
  const [id] = await many(1);
  const watch = opened.engine.watch(ann, id ?? '', undefined, { progress: () => false });
  await watch.next();
  // It is told of a request to cancel, which the visibility store does not show.
  const next = watch.next();
  await expect.poll(() => counted('GetWorkflowExecutionHistory')).toBeGreaterThan(10);
  await other.client.workflow.getHandle(id ?? '').cancel();
  expect((await next).value).toMatchObject({ outcome: { kind: 'cancelled' } });
  for (const each of ids) await end(each);
  await Promise.all(results);
});

it('does not read tasks for followers that do not need more than the end', async () => {
  const ids = await many(14);
  const watches = ids.map((id) =>
    opened.engine.watch(ann, id, undefined, { progress: () => false, closely: () => false }),
  );
  for (const watch of watches) await watch.next();
  await moreQueries(1);
  const before = reads();
  await moreQueries(8);
  // Those with a long poll are read once more.
  expect(reads() - before).toBeLessThanOrEqual(12);
  for (const id of ids) await end(id);
  for (const watch of watches) expect((await watch.next()).value).toMatchObject({ outcome: { kind: 'error' } });
});

it('reads the tasks on their own while the store fails, and says so once', { timeout: 60_000 }, async () => {
  proxy.refuse = { method: 'ListWorkflowExecutions', code: 7 };
  const ids = await many(14);
  const results = ids.map(async (id) => await opened.engine.result(ann, id));
  await moreQueries(2);
  expect(lines).toEqual([expect.stringMatching(/visibility store does not say.*ListWorkflowExecutions/)]);
  for (const id of ids) await end(id);
  await Promise.all(results);
});

/** Notices ends itself, with a pace of its own. */
function noticing(pace: Partial<ClosedSincePace> = {}, { client } = opened) {
  const calls = new Calls(client);
  closing.push(async () => await calls.close());
  const closed = new ClosedSince(calls, undefined, { ...PACE, ...pace });
  const seen: string[] = [];
  return { closed, seen, add: (id: string) => closed.add(id, () => seen.push(id)) };
}

/** Changes the answers to the queries. */
function answering(
  { workflowService }: Client,
  change: (ids: readonly string[], query: number) => readonly string[],
): void {
  const { listWorkflowExecutions: list } = workflowService;
  let query = 0;
  const changed = async (request: object): Promise<object> => {
    query++;
    const { executions, ...rest } = await list.call(workflowService, request);
    const shown = change(
      executions.map(({ execution }) => execution?.workflowId ?? ''),
      query,
    );
    return { ...rest, executions: executions.filter(({ execution }) => shown.includes(execution?.workflowId ?? '')) };
  };
  workflowService.listWorkflowExecutions = Object.assign(changed, list);
}

it('notices an end that the store shows late, and every end once', async () => {
  const [late, soon] = (await many(2)) as [string, string];
  let hides = true;
  answering(opened.client, (ids) => ids.filter((id) => id !== late || !hides));
  const { seen, add } = noticing({ overlap: { usual: 0, wide: 60_000, every: 500 } });
  for (const id of [late, soon]) add(id);
  await end(late);
  await end(soon);
  await expect.poll(() => seen).toEqual([soon]);
  await moreQueries(3);
  hides = false;
  await expect.poll(() => seen).toEqual([soon, late]);
  await moreQueries(6);
  expect(seen).toEqual([soon, late]);
});

it('reads all pages', async () => {
  const ids = await many(5);
  const { seen, add } = noticing({ pages: { rows: 2, most: 20 } });
  for (const id of ids) await end(id);
  for (const id of ids) add(id);
  await expect.poll(() => [...seen].sort(), { timeout: 10_000 }).toEqual([...ids].sort());
});

it('finds an end among any number of tasks that have not ended', async () => {
  const ids = await many(5);
  const { seen, add } = noticing({ pages: { rows: 1, most: 1 } });
  for (const id of ids) add(id);
  await moreQueries(1);
  await end(ids[2] ?? '');
  await expect.poll(() => seen, { timeout: 5_000 }).toEqual([ids[2]]);
});

it('covers any number of owners', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, async (_, number) => await started(`owner ${number}`)));
  const { seen, add } = noticing();
  for (const id of ids) add(id);
  for (const id of ids) await end(id);
  await expect.poll(() => [...seen].sort()).toEqual([...ids].sort());
});

it('reads in turn what the store does not show', async () => {
  const ids = await many(3);
  answering(opened.client, () => []);
  const { seen, add } = noticing({ turn: { every: 300, perSecond: 100 } });
  for (const id of ids) add(id);
  await expect.poll(() => new Set(seen).size).toBe(3);
  expect(seen.slice(0, 3).sort()).toEqual([...ids].sort());
});

describe('with a worker', () => {
  const inputSchema = z.object({});
  const quick = defineTool({ name: 'quick', inputSchema, run: async () => await Promise.resolve('done') });
  const stubborn = defineTool({ name: 'stubborn', inputSchema, workflow: 'stubborn' });
  const chained = defineTool({ name: 'chained', inputSchema: z.object({ runs: z.number() }), workflow: 'chained' });
  let stack: Stack;
  const work = async (): Promise<unknown> =>
    await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
  beforeEach(async () => {
    stack = await startStack([quick, stubborn, chained]);
  });
  afterEach(async () => await stack.close());

  /** An engine without any long poll. */
  function blind(): Engine {
    const { engine } = openEngine(proxy.address, { maxLongPolls: 0 });
    closing.push(async () => await engine.close());
    return engine;
  }

  it('a result costs one read, and one request once the task has ended', async () => {
    const { id } = await stack.tasks.engine.start({ owner: ann, tool: quick, args: {}, ttl: null });
    const result = blind().result(ann, id);
    await moreQueries(1);
    await work();
    expect((await result).outcome).toMatchObject({ kind: 'result' });
    expect([reads(), counted('GetWorkflowExecutionHistory')]).toEqual([1, 1]);
  });

  it('a task that someone else has cancelled is cancelled, whatever its workflow returns', async () => {
    await work();
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: ann, tool: stubborn, args: {}, ttl: null });
    const result = blind().result(ann, id);
    await moreQueries(1);
    await engine.cancel(ann, id);
    expect((await result).outcome).toMatchObject({ kind: 'cancelled' });
  });

  it('a run that continued as new is no end', async () => {
    await work();
    const { engine } = stack.tasks;
    const { id } = await engine.start({ owner: ann, tool: chained, args: { runs: 3 }, ttl: null });
    const { seen, add } = noticing();
    add(id);
    for await (const { message } of engine.watch(ann, id)) if (message === 'the last run') break;
    const last = await started();
    add(last);
    await end(last);
    await expect.poll(() => seen).toContain(last);
    expect(seen).toEqual([last]);
    await end(id);
    await expect.poll(() => seen).toEqual([last, id]);
  });
});

it('asks nothing any more once nobody waits', async () => {
  const ids = await many(2);
  const { closed, add } = noticing();
  const leaving = ids.map((id) => add(id));
  await expect.poll(() => closed.covers).toBe(true);
  for (const leave of leaving) leave();
  await expect.poll(() => closed.covers).toBe(false);
  const [id] = (await many(1)) as [string];
  add(id);
  await expect.poll(() => closed.covers).toBe(true);
});

it('asks less often while Temporal allows fewer queries', async () => {
  const [id] = (await many(1)) as [string];
  proxy.refuse = { method: 'ListWorkflowExecutions', code: 8 };
  const allowed = await startTemporalProxy();
  const unhindered = openEngine(allowed.address);
  const { seen, add } = noticing();
  add(id);
  noticing({}, unhindered).add(id);
  await expect.poll(() => allowed.calls.get('ListWorkflowExecutions'), { timeout: 20_000 }).toBeGreaterThan(20);
  expect(queries()).toBeLessThan(10);
  proxy.refuse = undefined;
  await end(id);
  await expect.poll(() => seen, { timeout: 5_000 }).toEqual([id]);
  await unhindered.engine.close();
  await allowed.close();
});

it('does not take a process that has stalled for a store that fails', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const state = { fails: false, queries: 0 };
    const once = async (): Promise<object> => {
      state.queries++;
      if (state.fails) throw new Error('too late');
      return await Promise.resolve({ executions: [] });
    };
    const ended = new AbortController();
    closing.push(async () => await Promise.resolve(ended.abort()));
    const calls = { closing: ended.signal, client: { options: { namespace: 'default' } }, once };
    const warn = vi.fn<Logger['warn']>();
    const pace = { ...PACE, pause: { shortest: 10, longest: 20 } };
    const closed = new ClosedSince(calls as unknown as Calls, { warn, info: () => undefined }, pace);
    closed.add('task', () => undefined);
    await expect.poll(() => closed.covers).toBe(true);
    vi.setSystemTime(Date.now() + 60_000);
    state.fails = true;
    const before = state.queries;
    await expect.poll(() => state.queries).toBeGreaterThan(before + 2);
    expect([closed.covers, warn.mock.calls.length]).toEqual([true, 0]);
    vi.setSystemTime(Date.now() + 60_000);
    await expect.poll(() => closed.covers).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});
