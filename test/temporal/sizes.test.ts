/** Every way into and out of a task, on both sides of its limit. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { step } from '../../src/activity/index.js';
import { defineTool, TaskError, ToolError } from '../../src/index.js';
import { LARGEST_CHECKPOINT, LARGEST_ERROR_DATA, LARGEST_PAYLOAD, LONGEST_ERROR } from '../../src/limits/limits.js';
import type { Outcome, Task } from '../../src/task/task.js';
import { wholeEngine } from '../helpers/engine.js';
import { startStack, type Stack } from '../helpers/stack.js';
import type { Way } from '../fixtures/sized-workflows.js';

/** What is sent along with a value: field names, other arguments, metadata. */
const AROUND = 2_000;
const FITS = LARGEST_PAYLOAD - AROUND;
const TOO_LARGE = LARGEST_PAYLOAD + 1;

const ann = 'ann';
const Ways = z.enum([
  'result',
  'tool error',
  'task error',
  'exception',
  'checkpoint',
  'progress',
  'length',
  'reports',
  'reported error',
  'function',
  'reported function',
  'half character',
  'frozen error',
  'odd error',
  'plain object',
]);
const worked = defineTool({
  name: 'worked',
  inputSchema: z.object({ way: Ways, size: z.number(), text: z.string().optional() }),
  retry: { maximumAttempts: 2, initialInterval: '1 ms' },
  async run({ way, size, text }, ctx) {
    const made = 'x'.repeat(size);
    if (way === 'result') return { made };
    if (way === 'length') return { length: text?.length };
    if (way === 'tool error') throw new ToolError(made);
    if (way === 'task error') throw new TaskError(-32_001, 'the data say more', { made });
    if (way === 'exception') throw new Error(made);
    // Control characters are the longest in JSON.
    if (way.startsWith('report')) for (let done = 1; done <= 25; done++) ctx.progress(done, 25, '\u0001'.repeat(2_000));
    if (way === 'reports') return { made };
    if (way === 'half character') throw new Error('no table 🚚'.slice(0, -1), { cause: new ToolError('\udc00 again') });
    if (way === 'frozen error') throw Object.freeze(new Error(made));
    if (way === 'odd error') throw Object.assign(new Error('x'), { message: 42, stack: 43 });
    // eslint-disable-next-line typescript/only-throw-error -- as careless authors do
    if (way === 'plain object') throw { status: 503 };
    if (way.endsWith('function')) return () => made;
    if (way === 'reported error') throw new TaskError(-32_001, 'the data say more', { made });
    if (way === 'progress') ctx.progress(1, 2, made);
    if (way === 'checkpoint') {
      if (ctx.lastCheckpoint !== undefined) return { kept: JSON.stringify(ctx.lastCheckpoint).length };
      ctx.checkpoint(made);
      throw new Error('once more');
    }
    await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
    return {};
  },
});
const flow = defineTool({
  name: 'flow',
  inputSchema: z.object({ way: z.string(), size: z.number() }),
  asks: ['elicitation.form'],
  workflow: 'sized',
});

let stack: Stack;
beforeAll(async () => {
  stack = await startStack([worked, flow]);
  await stack.startWorker({
    workflowsPath: fileURLToPath(new URL('../fixtures/sized-workflows.ts', import.meta.url)),
    activities: {
      take: step(async (text: string) => await Promise.resolve(text.length)),
      make: step(async (size: number) => await Promise.resolve('x'.repeat(size))),
    },
  });
});
afterAll(async () => await stack.close());

const start = async (tool: typeof worked, args: object): Promise<string> =>
  (await stack.tasks.engine.start({ owner: ann, tool, args, ttl: null })).id;
const outcome = async (id: string): Promise<Outcome> => (await stack.tasks.engine.result(ann, id)).outcome;
const run = async (way: z.infer<typeof Ways>, size: number): Promise<Outcome> =>
  await outcome(await start(worked, { way, size }));
const runFlow = async (way: Way, size: number): Promise<Outcome> => await outcome(await start(flow, { way, size }));
async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack.tasks.engine.watch(ann, id, AbortSignal.timeout(30_000))) if (fits(task)) return task;
  throw new Error('the task ended before that');
}

const done = (content: unknown): object => ({ kind: 'result', result: { structuredContent: content } });
const failed = (text: unknown): object => ({ kind: 'result', result: { isError: true, content: [{ text }] } });
/** Returns the text of a failure, with long runs of x in short. */
const said = (how: Outcome): string =>
  how.kind === 'result' && how.result.isError
    ? String(how.result.content[0]?.['text']).replaceAll(/x{50,}/g, (long) => `<${long.length} x>`)
    : JSON.stringify(how).slice(0, 200);
const begins = (length: number): string => `<${length} x>…`;
const names = (limit: number): unknown =>
  expect.stringMatching(new RegExp(`[\\d,]+ bytes; the limit is ${limit.toLocaleString('en-US')}\\. `));

it('Temporal takes 2 MiB in one message, and no more', async () => {
  const largest = 'x'.repeat(2_097_118);
  const { Payloads } = temporal.api.common.v1;
  const payloads = [defaultPayloadConverter.toPayload(largest)];
  expect(Payloads.encode({ payloads }).finish()).toHaveLength(2 * 1024 * 1024);
  const client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  const begin = async (text: string): Promise<WorkflowHandle> =>
    await client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: randomUUID(), args: [text] });
  const refused = { cause: { code: 3, details: 'Blob data size exceeds limit.' } };
  const handle = await begin(largest);
  await expect(begin(`${largest}x`)).rejects.toMatchObject(refused);
  await handle.signal('told', largest);
  await expect(handle.signal('told', `${largest}x`)).rejects.toMatchObject(refused);
  await handle.terminate();
  await client.connection.close();
});

describe('the arguments', () => {
  it('arrive up to the limit', async () => {
    const id = await start(worked, { way: 'length', size: 0, text: 'x'.repeat(FITS) });
    expect(await outcome(id)).toMatchObject(done({ length: FITS }));
  });

  it('are measured as the codecs encode them', async () => {
    const started = async (change: (data: Uint8Array) => Uint8Array, size: number): Promise<unknown> => {
      const encode = async (payloads: Payload[]): Promise<Payload[]> =>
        await Promise.resolve(payloads.map((one) => ({ ...one, data: change(one.data ?? new Uint8Array()) })));
      const encoded = await startStack([worked], { dataConverter: { payloadCodecs: [{ encode, decode: encode }] } });
      const args = { way: 'length', size: 0, text: 'x'.repeat(size) };
      const given = { owner: ann, tool: worked, args, ttl: null };
      const answer = await encoded.tasks.engine.start(given).catch((error: unknown) => error);
      await encoded.close();
      return answer;
    };
    expect(await started((data) => Buffer.concat([data, data]), LARGEST_PAYLOAD / 2)).toMatchObject({
      message: names(LARGEST_PAYLOAD),
    });
    expect(await started((data) => data.subarray(0, 100_000), 2 * LARGEST_PAYLOAD)).toHaveProperty('id');
  });

  it('are refused above it, before anything starts', async () => {
    await expect(start(worked, { way: 'length', size: 0, text: 'é'.repeat(TOO_LARGE / 2) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: names(LARGEST_PAYLOAD),
    });
  });
});

describe('a function tool', () => {
  it('returns a result up to the limit', async () => {
    expect(await run('result', FITS)).toMatchObject(done({ made: expect.stringMatching(/^x+$/) }));
  });

  it.each([TOO_LARGE, 2_200_000, 6_000_000])('fails with a result of %d bytes, and says why', async (size) => {
    expect(await run('result', size)).toMatchObject(failed(names(LARGEST_PAYLOAD)));
  });

  it.each(['function', 'reported function'] as const)('fails if its result is a %s, which JSON lacks', async (way) => {
    expect(await run(way, 0)).toMatchObject(
      failed('A value of type function has no JSON form, so it cannot be sent. Use plain data.'),
    );
  });

  it('fails with an error whose text ends in half a character, and its worker goes on', async () => {
    expect(await run('half character', 0)).toMatchObject(failed('no table \ufffd'));
    expect(await runFlow('half character', 0)).toMatchObject(failed('no table \ufffd'));
    expect(await run('result', 1)).toMatchObject(done({ made: 'x' }));
  });

  it('fails with what it threw, however odd that is', async () => {
    expect(said(await run('frozen error', 3_000_000))).toBe(begins(LONGEST_ERROR));
    expect(said(await run('odd error', 0))).toBe('42');
    expect(said(await run('plain object', 0))).toBe('It threw {"status":503} instead of an error');
  });

  it.each([LONGEST_ERROR, 1_500_000, 6_000_000])('fails with the beginning of an error of %d bytes', async (size) => {
    const text = size === LONGEST_ERROR ? `<${size} x>` : begins(LONGEST_ERROR);
    expect(said(await run('tool error', size))).toBe(text);
    expect(said(await run('exception', size))).toBe(text);
  });

  it('keeps the data of an error up to their limit, and says if it drops them', async () => {
    const size = LARGEST_ERROR_DATA - AROUND;
    expect(await run('task error', size)).toMatchObject({ error: { code: -32_001, data: { made: 'x'.repeat(size) } } });
    const dropped = await run('task error', 3_000_000);
    expect(dropped).toEqual({
      kind: 'error',
      error: {
        code: -32_001,
        message: expect.stringMatching(
          /^the data say more \(Its data, 3,000,\d+ bytes, were dropped: the limit is 1,000,000\)$/,
        ),
      },
    });
  });

  it('keeps a checkpoint up to its limit, and throws at a larger one', async () => {
    const size = LARGEST_CHECKPOINT - AROUND;
    expect(await run('checkpoint', size)).toMatchObject(done({ kept: size + 2 }));
    for (const larger of [LARGEST_CHECKPOINT + 1, 6_000_000])
      expect(await run('checkpoint', larger)).toMatchObject(failed(names(LARGEST_CHECKPOINT)));
  });

  it.each([1_000, 6_000_000])('reports progress with a message of %d bytes, cut to 1,000', async (size) => {
    const id = await start(worked, { way: 'progress', size });
    const { steps } = await when(id, (task) => task.steps[0]?.progress !== undefined);
    expect(steps[0]?.progress?.message).toHaveLength(size === 1_000 ? 1_000 : 1_001);
    await stack.tasks.engine.cancel(ann, id);
  });

  describe('that reports progress with long messages', () => {
    const reported = async (way: z.infer<typeof Ways>, size: number): Promise<[Outcome | undefined, string[]]> => {
      const { outcome: end, pastReports = [] } = await when(
        await start(worked, { way, size }),
        (task) => task.outcome !== undefined,
      );
      return [end, pastReports.map(({ progress, message }) => `${progress}: ${message?.length}`)];
    };
    const last20 = Array.from({ length: 20 }, (_, i) => `${i + 6}: 1001`);

    it('returns a result with its last 20 reports, or without them up to the limit', async () => {
      const [fits, all] = await reported('reports', LARGEST_PAYLOAD - 20 * 6_100);
      expect([fits, all]).toEqual([expect.objectContaining({ kind: 'result' }), last20]);
      const [alone, none] = await reported('reports', FITS);
      expect(alone).toMatchObject(done({ made: expect.any(String) }));
      expect(none).toEqual([]);
      expect((await reported('reports', TOO_LARGE))[0]).toMatchObject(failed(names(LARGEST_PAYLOAD)));
    });

    it('keeps the data of its error, with the reports or without them', async () => {
      const data = (size: number): object => ({ error: { data: { made: 'x'.repeat(size) } } });
      const [small, all] = await reported('reported error', 1_000);
      expect(small).toMatchObject(data(1_000));
      expect(all).toEqual(last20);
      const size = LARGEST_ERROR_DATA - AROUND;
      expect((await reported('reported error', size))[0]).toMatchObject(data(size));
    });
  });

  it('shows why an attempt failed, however long the reason is', async () => {
    const failing = { ...worked, retry: { initialInterval: '1 hour', maximumInterval: '1 hour' } as const };
    const id = await start(failing, { way: 'exception', size: 50_000 });
    const { steps } = await when(id, (task) => task.steps[0]?.state === 'retrying');
    expect(steps[0]?.lastFailure).toMatch(/^x{1000}/);
    await stack.tasks.engine.cancel(ann, id);
  });
});

describe('a workflow', () => {
  it.each<[Way, unknown]>([
    ['result', expect.stringMatching(/^x+$/)],
    ['step input', FITS],
    ['step result', FITS],
    ['child input', FITS],
    ['next run', FITS],
  ])('sends a %s up to the limit', async (way, content) => {
    expect(await runFlow(way, FITS)).toMatchObject(done(content));
  });

  it.each<Way>(['result', 'step input', 'step result', 'child input', 'next run'])(
    'fails with a %s above the limit, and says why',
    async (way) => {
      const ends = await Promise.all([TOO_LARGE, 6_000_000].map(async (size) => await runFlow(way, size)));
      for (const end of ends) expect(end).toMatchObject(failed(names(LARGEST_PAYLOAD)));
    },
  );

  it('starts steps together up to the limit of a message', async () => {
    expect(await runFlow('steps together', 1_300_000)).toMatchObject(done([1_300_000, 1_300_000, 1_300_000]));
    expect(await runFlow('steps together', 1_500_000)).toMatchObject(failed(names(4_000_000)));
  });

  it.each<Way>(['tool error', 'failure'])('fails with the beginning of a long %s', async (way) => {
    expect(said(await runFlow(way, LONGEST_ERROR))).toBe(`<${LONGEST_ERROR} x>`);
    for (const size of [1_500_000, 6_000_000]) expect(said(await runFlow(way, size))).toBe(begins(LONGEST_ERROR));
  });

  it('keeps the data of an error up to their limit', async () => {
    const size = LARGEST_ERROR_DATA - AROUND;
    expect(await runFlow('task error', size)).toMatchObject({ error: { data: { text: 'x'.repeat(size) } } });
    expect(await runFlow('task error', 6_000_000)).toMatchObject({
      error: { message: expect.stringContaining('were dropped: the limit is 1,000,000') },
    });
  });

  it('asks a question up to the limit, and throws at a larger one', async () => {
    const id = await start(flow, { way: 'question', size: FITS });
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length > 0);
    expect(Object.values(inputs)[0]?.params['message']).toHaveLength(FITS);
    await stack.tasks.engine.respond(ann, id, { [Object.keys(inputs)[0] as string]: { action: 'decline' } });
    expect(await outcome(id)).toMatchObject(done('decline'));
    for (const size of [TOO_LARGE, 6_000_000])
      expect(await runFlow('question', size)).toMatchObject(failed(names(LARGEST_PAYLOAD)));
  });

  it('cuts what it says about itself', async () => {
    const id = await start(flow, { way: 'status', size: 6_000_000 });
    const task = await when(id, ({ inputs }) => Object.keys(inputs).length > 0);
    expect([task.message?.length, task.progress?.message?.length]).toEqual([1_001, 1_001]);
    await stack.tasks.engine.cancel(ann, id);
  });
});

describe('an answer', () => {
  const large = (size: number): object => ({ action: 'accept', content: { text: 'x'.repeat(size) } });
  const wrong = { action: 'later', content: { text: 'x'.repeat(FITS) } };
  async function asked(): Promise<[id: string, key: string]> {
    const id = await start(flow, { way: 'question', size: 10 });
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length > 0);
    return [id, Object.keys(inputs)[0] as string];
  }

  it('arrives up to the limit', async () => {
    const [id, key] = await asked();
    await stack.tasks.engine.respond(ann, id, { [key]: large(FITS) });
    expect(await outcome(id)).toMatchObject(done('accept'));
  });

  it.each([TOO_LARGE, 2_200_000, 3_600_000])('of %d bytes is refused before it is sent', async (size) => {
    const [id, key] = await asked();
    await expect(stack.tasks.engine.respond(ann, id, { [key]: large(size) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: names(LARGEST_PAYLOAD),
    });
    expect((await stack.tasks.engine.get(ann, id)).inputs).toHaveProperty(key);
    await stack.tasks.engine.respond(ann, id, { [key]: { action: 'accept' } });
    expect(await outcome(id)).toMatchObject(done('accept'));
  });

  it.each([
    ['an answer', async (id: string, key: string) => await stack.tasks.engine.respond(ann, id, { [key]: wrong })],
    [
      'a reply',
      async (id: string, key: string) => await wholeEngine(stack.tasks).reply(ann, id, key, { answer: wrong }),
    ],
    [
      'an answer to a question that does not exist, beside another',
      async (id: string, key: string) =>
        await stack.tasks.engine.respond(ann, id, { [key]: { action: 'later' }, none: wrong }),
    ],
    [
      'a reply to a question that does not exist',
      async (id: string, key: string) => {
        await wholeEngine(stack.tasks).reply(ann, id, 'none', { answer: wrong });
        await stack.tasks.engine.respond(ann, id, { [key]: { action: 'later' } });
      },
    ],
  ])('that is refused is not kept in the history: %s', async (_, send) => {
    const [id, key] = await asked();
    await send(id, key);
    const { inputs } = await when(id, (task) => !(key in task.inputs) && Object.keys(task.inputs).length > 0);
    expect(Object.values(inputs)[0]?.params['message']).toMatch(
      /^x{10}\n\nYour last answer was not accepted: the action must be "accept", "decline" or "cancel"$/,
    );
    const client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
    const { raw } = await client.workflow.getHandle(id).describe();
    await client.connection.close();
    expect(Number(raw.workflowExecutionInfo?.historySizeBytes)).toBeLessThan(100_000);
    await stack.tasks.engine.respond(ann, id, { [Object.keys(inputs)[0] as string]: large(FITS) });
    expect(await outcome(id)).toMatchObject(done('accept'));
  });

  it('that is too large as a reply makes the workflow ask again and say why', async () => {
    const [id, key] = await asked();
    await wholeEngine(stack.tasks).reply(ann, id, key, { answer: large(TOO_LARGE) });
    const { inputs } = await when(id, (task) => !(key in task.inputs) && Object.keys(task.inputs).length > 0);
    expect(Object.values(inputs)[0]?.params['message']).toEqual(
      expect.stringMatching(
        /^x{10}\n\nYour last answer was not accepted: The answer is 2,000,\d+ bytes; the limit is 2,000,000\./,
      ),
    );
    await wholeEngine(stack.tasks).reply(ann, id, Object.keys(inputs)[0] as string, { answer: large(10) });
    expect(await outcome(id)).toMatchObject(done('accept'));
  });
});
