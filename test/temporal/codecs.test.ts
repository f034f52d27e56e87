/** A codec that hangs or fails: calls that need it fail in time with a retryable error, and others keep working. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import type { Task } from '../../src/task/task.js';
import { wholeEngine } from '../helpers/engine.js';
import { startStack, type Stack } from '../helpers/stack.js';

type Mood = 'well' | 'hangs' | 'fails';
const moods: { memos: Mood; others: Mood } = { memos: 'well', others: 'well' };
const codec: PayloadCodec = {
  encode: async (payloads) => await moody(payloads),
  decode: async (payloads) => await moody(payloads),
};
async function moody(payloads: Payload[]): Promise<Payload[]> {
  const isMemo = payloads.some(({ data }) => Buffer.from(data ?? []).includes('"version":1,"tool"'));
  const mood = isMemo ? moods.memos : moods.others;
  if (mood === 'fails') throw new Error('the key is not there');
  if (mood === 'hangs') await new Promise(() => {});
  return payloads;
}

/** No other test file has tasks of this owner, which would be listed too. */
const ann = randomUUID();
const nothing = z.object({});
let release: () => void = () => {};
const wait = defineTool({
  name: 'wait',
  inputSchema: nothing,
  retry: { maximumAttempts: 1 },
  async run(_, ctx) {
    ctx.progress(1, 2, 'parts');
    await new Promise<void>((resolve) => (release = resolve));
    return { done: true };
  },
});
const idle = defineTool({
  name: 'idle',
  inputSchema: nothing,
  taskQueue: 'nobody',
  run: async () => await Promise.resolve(),
});
let stack: Stack;
beforeAll(async () => {
  stack = await startStack([wait, idle], { dataConverter: { payloadCodecs: [codec] } });
  // The worker uses no codec, so it is unaffected.
  await stack.startWorker({ dataConverter: {} });
});
afterEach(() => Object.assign(moods, { memos: 'well', others: 'well' }));
afterAll(async () => await stack.close());

const away = (mood: Mood): object => ({
  code: mood === 'hangs' ? 'TEMPORAL_UNAVAILABLE' : 'CODEC_FAILED',
  message: expect.stringContaining('try again'),
});
const start = async (tool = idle): Promise<string> =>
  (await stack.tasks.engine.start({ owner: ann, tool, args: {}, ttl: null })).id;
async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack.tasks.engine.watch(ann, id, AbortSignal.timeout(30_000))) if (fits(task)) return task;
  throw new Error('the task ended before that');
}

it('a start is answered in time even if the codec hangs', { timeout: 6_000 }, async () => {
  moods.others = 'hangs';
  await expect(start()).rejects.toMatchObject(away('hangs'));
});

describe.each<Mood>(['hangs', 'fails'])('a codec that %s', (mood) => {
  // A call that takes longer than the timeout has hung.
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['reads', async (id) => await stack.tasks.engine.get(ann, id)],
    ['cancels', async (id) => await stack.tasks.engine.cancel(ann, id)],
    ['answers', async (id) => await stack.tasks.engine.respond(ann, id, { key: {} })],
    ['replies', async (id) => await wholeEngine(stack.tasks).reply(ann, id, 'key', { answer: {} })],
    ['lists', async () => await stack.tasks.engine.list(ann)],
  ])('a caller that %s gets an answer in time', { timeout: 6_000 }, async (_, ask) => {
    const id = await start();
    Object.assign(moods, { memos: mood, others: mood });
    await expect(ask(id)).rejects.toMatchObject(away(mood));
  });

  it('hides what the steps of a running task report, and delays its result', async () => {
    const id = await start(wait);
    await when(id, ({ steps }) => steps[0]?.progress !== undefined);
    moods.others = mood;
    const { steps } = await stack.tasks.engine.get(ann, id);
    expect(steps).toMatchObject([{ name: 'wait', state: 'running' }]);
    expect(steps[0]).not.toHaveProperty('progress');
    release();
    const result = stack.tasks.engine.result(ann, id);
    await expect
      .poll(async () => await stack.tasks.engine.get(ann, id).catch((error: unknown) => error))
      .toMatchObject(away(mood));
    moods.others = 'well';
    expect((await result).outcome).toMatchObject({ kind: 'result', result: { structuredContent: { done: true } } });
  });
});

it('a task whose payloads the codec cannot decode does not keep others from being listed', async () => {
  const [failing, other] = [await start(wait), await start()];
  await when(failing, ({ steps }) => steps[0]?.progress !== undefined);
  release();
  // By Temporal's own client: this server would remember how the task ended.
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  await new Client({ connection }).workflow.getHandle(failing).result();
  await connection.close();
  moods.others = 'fails';
  const ids = (await stack.tasks.engine.list(ann)).tasks.map(({ id }) => id);
  expect(ids).toContain(other);
  expect(ids).not.toContain(failing);
});
