/** Which queries the engine sends to an existing workflow, and when. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Task } from '../../src/task/task.js';
import type { WorkflowMapping } from '../../src/task/workflow-mapping.js';
import { startPlainWorker } from '../helpers/gateway.js';
import { existing, openEngine, type OpenEngine } from '../helpers/engine.js';

const ann = 'ann';
const input = {
  message: 'Well?',
  schema: { type: 'object', properties: {} },
  answer: { kind: 'signal', name: 'none' },
} as const;
const status = { query: 'stage', message: '/stage/name' };
let opened: OpenEngine;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  opened = openEngine();
  stopWorker = await startPlainWorker(opened.taskQueue);
});
afterAll(async () => {
  await stopWorker();
  await opened.engine.close();
});
beforeEach(() => {
  opened.beforeQuery = () => {};
});

const start = async (mapping: WorkflowMapping): Promise<string> =>
  (await opened.engine.start({ owner: ann, tool: existing('Payment', mapping), args: { given: 5 }, ttl: null })).id;
async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of opened.engine.watch(ann, id, AbortSignal.timeout(30_000), { progress: () => false }))
    if (fits(task)) return task;
  throw new Error('the task ended before that');
}
const asked = (query: string): number => opened.asked.filter((one) => one === query).length;

it('a query that the workflow does not know does not affect the others, and is not repeated while nothing happens', async () => {
  const id = await start({
    status,
    inputs: { approval: { ...input, when: '/waitingFor' }, other: { ...input, query: 'unheard_of', when: '' } },
  });
  const task = await when(id, ({ message }) => message !== undefined);
  expect(task).toMatchObject({
    message: 'deciding',
    inputs: { [Object.keys(task.inputs)[0] as string]: { params: { message: 'Well?' } } },
  });
  let before = 0;
  const look = async (): Promise<number> => {
    before = asked('unheard_of');
    await opened.engine.get(ann, id);
    return asked('unheard_of') - before;
  };
  // Wait until the query has been sent for everything that has happened so far.
  await expect.poll(look).toBe(0);
  expect(before).toBeGreaterThan(0);
  for (let times = 0; times < 3; times++) expect(await look()).toBe(0);
  expect(await opened.engine.get(ann, id)).toMatchObject({ message: 'deciding' });
  await opened.engine.cancel(ann, id);
});

it('a query that is not answered in time is repeated, even if nothing happens meanwhile', async () => {
  // Fail one query for each update that can occur while the workflow starts, so that no later update causes the retry.
  let late = 2;
  opened.beforeQuery = () => {
    if (late-- > 0) throw new Error('too late');
  };
  const id = await start({ status });
  expect(await when(id, ({ message }) => message !== undefined)).toMatchObject({ message: 'deciding' });
  await opened.engine.cancel(ann, id);
});

it('a slow query that fails does not undo the answer that another read got meanwhile', async () => {
  const id = await start({ status, inputs: { approval: { ...input, when: '/waitingFor' } } });
  await when(id, ({ message }) => message !== undefined);
  const other = openEngine();
  let fail = (): void => {};
  const failed = new Promise<void>((resolve) => (fail = resolve));
  let first = true;
  other.beforeQuery = async () => {
    if (!first) return;
    first = false;
    await failed;
    throw new Error('too late');
  };
  const slow = other.engine.get(ann, id);
  await expect.poll(() => other.asked).toHaveLength(1);
  const quick = await other.engine.get(ann, id);
  fail();
  await slow;
  // If the answer were forgotten, nobody would confirm that the question is open (`NO_WORKER`).
  await other.engine.respond(ann, id, { [Object.keys(quick.inputs)[0] as string]: { action: 'accept', content: {} } });
  await other.engine.cancel(ann, id);
  await other.engine.close();
});

it('an answer is not delivered to an identical question that opened while the engine checked the original one', async () => {
  const other = openEngine();
  const asks = {
    query: 'asks',
    when: '/question',
    message: 'Go on?',
    schema: { type: 'object', properties: { said: { type: 'string' } } },
    answer: { kind: 'signal', name: 'tell', args: ['said'] },
  } as const;
  const id = (
    await opened.engine.start({
      owner: ann,
      tool: existing('Rounds', { status: { query: 'asks', message: '/told' }, inputs: { go: asks } }),
      args: { given: 2 },
      ttl: null,
    })
  ).id;
  const told = async (engine: OpenEngine['engine'], count: number): Promise<Task> => {
    for await (const task of engine.watch(ann, id, AbortSignal.timeout(30_000)))
      if (task.message === String(count) && Object.keys(task.inputs).length > 0) return task;
    throw new Error('the task ended before that');
  };
  const keyOf = async (count: number): Promise<string> =>
    Object.keys((await told(opened.engine, count)).inputs)[0] as string;
  const say = async ({ engine }: OpenEngine, key: string, said: string): Promise<void> =>
    await engine.respond(ann, id, { [key]: { action: 'accept', content: { said } } });
  const key = await keyOf(0);
  let first: Promise<void> | undefined;
  other.beforeQuery = async () =>
    await (first ??= say(opened, key, 'first').then(async () => void (await told(opened.engine, 1))));
  // If this takes too long, `respond` fails because it cannot tell whether the question is still open. Try again.
  await expect
    .poll(async () => await say(other, key, 'late').catch(({ code }: { code: string }) => code), { timeout: 20_000 })
    .toBeUndefined();
  const next = await keyOf(1);
  expect(next).not.toBe(key);
  await say(other, next, 'second');
  expect((await opened.engine.result(ann, id)).outcome).toMatchObject({
    result: { structuredContent: { told: ['first', 'second'] } },
  });
  await other.engine.close();
});

it('a workflow with nothing mapped gets no queries', async () => {
  opened.asked.length = 0;
  const id = await start({});
  await opened.engine.get(ann, id);
  await opened.engine.cancel(ann, id);
  expect(opened.asked).toEqual([]);
});
