/** Only failures use up a step's attempts: neither deploys, nor lost workers after progress, nor workers without it. */
import { fileURLToPath } from 'node:url';
import { CompleteAsyncError } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { step, type StepContext } from '../../src/activity/index.js';
import { defineTool, type DurableTool } from '../../src/index.js';
import type { StartRequest } from '../../src/temporal/start/start-request.js';
import { statusMessage } from '../../src/task/message.js';
import type { Task } from '../../src/task/task.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({}).loose();
const retry = { maximumAttempts: 3, initialInterval: '10 ms' } as const;

/** What the runs of the current step have seen. */
let runs: { attempt: number; from: number }[];
/** Called when a run has come as far as it gets. */
let arrived: () => void;

const MB = 1_000_000;

async function stopped(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
}

/** Does one part per worker, then waits until its worker stops. Fails in the first two runs. */
async function onePartPerWorker(parts: number, ctx: StepContext<number>): Promise<string> {
  const from = ctx.lastCheckpoint ?? 0;
  runs.push({ attempt: ctx.attempt, from });
  if (runs.length <= 2) throw new Error(`failure ${runs.length}`);
  ctx.checkpoint(from + 1);
  ctx.progress(from + 1, parts, 'parts');
  if (from + 1 === parts) return 'done';
  arrived();
  return await stopped(ctx.signal);
}

/** Reports progress, then loses its worker: from here on, nobody heartbeats for it. */
async function lose(ctx: StepContext, reached: number): Promise<never> {
  runs.push({ attempt: ctx.attempt, from: reached });
  ctx.progress(reached, 100);
  await when(ctx.taskId, ({ steps }) => steps[0]?.progress?.progress === reached);
  throw new CompleteAsyncError();
}

const tools = {
  deployed: defineTool({
    name: 'deployed',
    inputSchema,
    retry,
    run: async (_, ctx: StepContext<number>) => await onePartPerWorker(31, ctx),
  }),
  authors: defineTool({ name: 'authors', inputSchema, workflow: 'oneStep' }),
  stuck: defineTool({
    name: 'stuck',
    inputSchema,
    retry: { ...retry, maximumAttempts: 2 },
    timeouts: { heartbeat: '2 seconds' },
    run: async (_, ctx) => await lose(ctx, 50),
  }),
  advancing: defineTool({
    name: 'advancing',
    inputSchema,
    retry: { ...retry, maximumAttempts: 1 },
    timeouts: { heartbeat: '2 seconds' },
    run: async (_, ctx) => (ctx.attempt < 3 ? await lose(ctx, 10 * ctx.attempt) : 'done'),
  }),
  large: defineTool({
    name: 'large',
    inputSchema,
    retry: { maximumAttempts: 1 },
    async run(_, ctx: StepContext<{ part: number; data: string }>) {
      const from = ctx.lastCheckpoint?.part ?? 0;
      runs.push({ attempt: ctx.attempt, from });
      if (from === 5) return { from, answer: (ctx as { answer?: unknown }).answer };
      ctx.checkpoint({ part: from + 1, data: '' });
      ctx.progress(from + 1, 5);
      arrived();
      return await stopped(ctx.signal);
    },
  }),
  heavy: defineTool({
    name: 'heavy',
    inputSchema,
    retry: { ...retry, maximumAttempts: 2 },
    async run(_, ctx: StepContext<string>) {
      runs.push({ attempt: ctx.attempt, from: ctx.lastCheckpoint?.length ?? 0 });
      if (ctx.lastCheckpoint !== undefined) return 'done';
      ctx.checkpoint('x'.repeat(MB - 2_000));
      arrived();
      return await stopped(ctx.signal);
    },
  }),
  'heavy and lost': defineTool({
    name: 'heavy-and-lost',
    inputSchema,
    retry: { maximumAttempts: 1 },
    timeouts: { heartbeat: '2 seconds' },
    async run(_, ctx: StepContext<string>) {
      ctx.checkpoint('x'.repeat(MB - 2_000));
      return await lose(ctx as never, 50);
    },
  }),
  late: defineTool({
    name: 'late',
    inputSchema,
    retry: { maximumAttempts: 1 },
    run: async (_, ctx) => await Promise.resolve(`attempt ${ctx.attempt}`),
  }),
};
const activities = {
  onePart: step(async (parts: number, ctx: StepContext<number>) => await onePartPerWorker(parts, ctx)),
};

let stack: Stack;
beforeEach(async () => {
  runs = [];
  stack = await startStack(Object.values(tools));
});
afterEach(async () => await stack.close());

const startWorker = async () => await stack.startWorker({ workflowsPath, activities });
const start = async (tool: DurableTool, more: Partial<StartRequest> = {}): Promise<string> =>
  (await stack.tasks.engine.start({ owner: 'ann', tool, args: {}, ttl: null, ...more })).id;
const outcomeOf = async (id: string): Promise<unknown> => (await stack.tasks.engine.result('ann', id)).outcome;

async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack.tasks.engine.watch('ann', id, AbortSignal.timeout(30_000)))
    if (fits(task)) return task;
  throw new Error('the task ended before that');
}

/** Runs a worker until the step has done one part, then shuts it down. */
async function deploy(meanwhile?: () => Promise<void>): Promise<void> {
  const part = new Promise<void>((resolve) => (arrived = resolve));
  const { stop } = await startWorker();
  await part;
  await meanwhile?.();
  await stop();
}

describe('a worker that shuts down', () => {
  it('uses up no attempt: a tool with two failures behind it survives thirty deploys', async () => {
    const id = await start(tools.deployed);
    for (let deploys = 1; deploys <= 30; deploys++) await deploy();
    expect(runs).toHaveLength(32);
    await startWorker();
    expect(await outcomeOf(id)).toMatchObject({ result: { content: [{ text: 'done' }] } });
    // Every run continues from the last checkpoint, under a number of its own.
    expect(runs.slice(2)).toEqual(Array.from({ length: 31 }, (_, i) => ({ attempt: i + 3, from: i })));
  }, 300_000);

  it('leaves attempt, last failure and progress in the status', async () => {
    const id = await start(tools.deployed);
    await deploy();
    await deploy(async () => {
      const task = await when(id, ({ steps }) => steps[0]?.progress?.progress === 2);
      expect(statusMessage(task)).toBe('deployed: attempt 3 of 3 (last failure: failure 2), 2 of 31 parts (6%)');
    });
  });

  it('uses up no attempt of a step of an author’s workflow', async () => {
    const id = await start(tools.authors);
    for (let deploys = 1; deploys <= 4; deploys++) await deploy();
    await startWorker();
    expect(await outcomeOf(id)).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(runs.slice(2).map(({ from }) => from)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a step with large arguments', () => {
  const args = { text: 'x'.repeat(1.9 * MB) };

  it('continues as new after a few deploys, because each adds its arguments to the history', async () => {
    const id = await start(tools.large, { args, answer: { sure: true } });
    const temporal = await Connection.connect({ address: inject('temporalAddress') });
    const handle = new Client({ connection: temporal }).workflow.getHandle(id);
    for (let deploys = 1; deploys <= 5; deploys++) {
      await deploy();
      const { raw } = await handle.describe();
      expect(Number(raw.workflowExecutionInfo?.historySizeBytes)).toBeLessThan(6.5 * MB);
    }
    await temporal.close();
    await startWorker();
    expect(await outcomeOf(id)).toMatchObject({ result: { structuredContent: { from: 5, answer: { sure: true } } } });
    expect(runs.map(({ attempt, from }) => [attempt, from])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n, n - 1]));
  });

  it('can be cancelled after it has continued as new', async () => {
    const id = await start(tools.large, { args });
    for (let deploys = 1; deploys <= 3; deploys++) await deploy();
    await stack.tasks.engine.cancel('ann', id);
    expect(await outcomeOf(id)).toEqual({ kind: 'cancelled' });
  });

  it('uses up an attempt if they, the answer and the checkpoint do not fit into one message', async () => {
    const given = { args: { text: 'x'.repeat(0.7 * MB) }, answer: { text: 'x'.repeat(0.7 * MB) } };
    const id = await start(tools.heavy, given);
    await deploy();
    await startWorker();
    expect(await outcomeOf(id)).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(runs).toEqual([
      { attempt: 1, from: 0 },
      { attempt: 2, from: MB - 2_000 },
    ]);
  });

  it('fails if its last worker is lost, and they and the checkpoint do not fit into one message', async () => {
    await startWorker();
    const id = await start(tools['heavy and lost'], { args });
    expect(await outcomeOf(id)).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('timed out (HEARTBEAT)') }] },
    });
  });
});

describe('a lost worker', () => {
  it('uses up no attempt if the step had passed its highest progress', async () => {
    await startWorker();
    expect(await outcomeOf(await start(tools.advancing))).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(runs.map(({ attempt, from }) => [attempt, from])).toEqual([
      [1, 10],
      [2, 20],
    ]);
  });

  it('uses up an attempt otherwise, so that a loop of crashes ends', async () => {
    await startWorker();
    expect(await outcomeOf(await start(tools.stuck))).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('stuck timed out (HEARTBEAT)') }] },
    });
    expect(runs).toHaveLength(3);
  });
});

describe('a worker that does not have the tool', () => {
  it('leaves the task waiting for one that does, and says so', async () => {
    const { late, ...others } = tools;
    await stack.startWorker({ workflowsPath, activities, tools: Object.values(others) });
    const id = await start(late);
    const waiting = await when(id, ({ steps }) => steps[0]?.state === 'unregistered');
    expect(statusMessage(waiting)).toBe(
      'late: waiting for a worker that has it, because the one that picked it up does not. Keep waiting, or ask an operator to start a worker that has late',
    );
    await startWorker();
    expect(await outcomeOf(id)).toMatchObject({ result: { content: [{ text: 'attempt 1' }] } });
  });
});
