/**
 * Tools with `expected: 'seconds'` begin as a local activity. Work that takes longer continues as a normal activity.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import proto from '@temporalio/proto';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, ToolError } from '../../src/index.js';
import type { StepContext } from '../../src/activity/index.js';
import { statusMessage } from '../../src/task/message.js';
import type { Task } from '../../src/task/task.js';
import { resetToStart } from '../helpers/reset.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy } from '../helpers/temporal-proxy.js';

type Context = StepContext<number>;
type Run = (ctx: Context, text: string) => Promise<unknown>;

/** What the tool does in each of its runs, in order. The last entry also applies to all further runs. */
let script: Run[];
/** What each run has seen. */
let runs: { attempt: number; from: number | undefined }[];
let running: number;
/** The largest number of concurrent runs. */
let most: number;
let begun: () => void;
let firstRun: Promise<void>;

async function work(text: string, ctx: Context): Promise<unknown> {
  const run = script[Math.min(runs.length, script.length - 1)] as Run;
  runs.push({ attempt: ctx.attempt, from: ctx.lastCheckpoint });
  most = Math.max(most, ++running);
  begun();
  try {
    return await run(ctx, text);
  } finally {
    running--;
  }
}

/** Lets a test decide when a function goes on: `settle` resolves `settled`. */
function settling(): { settle: () => void; settled: Promise<void> } {
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));
  return { settle, settled };
}

async function untilAborted({ signal }: Context): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
const abortable: Run = async (ctx) => {
  await untilAborted(ctx);
  throw new Error('aborted');
};
const done: Run = async () => await Promise.resolve('done');

const short = defineTool({
  name: 'short',
  inputSchema: z.object({ text: z.string().default('') }),
  expected: 'seconds',
  retry: { maximumAttempts: 3, initialInterval: '10 ms' },
  timeouts: { startToClose: '20 seconds' },
  run: async ({ text }, ctx: Context) => await work(text, ctx),
});
const impatient = defineTool({
  name: 'impatient',
  inputSchema: z.object({}),
  expected: 'seconds',
  retry: { maximumAttempts: 1 },
  timeouts: { startToClose: '1 second' },
  run: async (_, ctx: Context) => await work('', ctx),
});
const other = defineTool({ name: 'other', inputSchema: z.object({}), run: async () => await Promise.resolve({}) });

let stack: Stack;
let client: Client;
beforeEach(async () => {
  client = new Client({ connection: Connection.lazy({ address: inject('temporalAddress') }) });
  script = [done];
  runs = [];
  running = most = 0;
  firstRun = new Promise((resolve) => (begun = resolve));
  stack = await startStack([short, impatient]);
});
afterEach(async () => {
  await stack.close();
  await client.connection.close();
});

const start = async (args: object = {}, tool = short): Promise<string> =>
  (await stack.tasks.engine.start({ owner: 'ann', tool, args, ttl: null })).id;
const outcomeOf = async (id: string): Promise<unknown> => (await stack.tasks.engine.result('ann', id)).outcome;
const textOf = async (id: string): Promise<unknown> =>
  ((await outcomeOf(id)) as { result?: { content?: { text?: string }[] } }).result?.content?.[0]?.text;
const handleOf = (id: string): WorkflowHandle => client.workflow.getHandle(id);

async function eventsOf(id: string): Promise<string[]> {
  const { events } = await handleOf(id).fetchHistory();
  return (events ?? []).map(({ eventType }) =>
    (proto.temporal.api.enums.v1.EventType[eventType ?? 0] ?? '').replace('EVENT_TYPE_', ''),
  );
}

async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack.tasks.engine.watch('ann', id, AbortSignal.timeout(30_000)))
    if (fits(task)) return task;
  throw new Error('the task ended before that');
}

it('needs six history events', async () => {
  await stack.startWorker();
  const id = await start();
  expect(await textOf(id)).toBe('done');
  expect(await eventsOf(id)).toEqual([
    'WORKFLOW_EXECUTION_STARTED',
    'WORKFLOW_TASK_SCHEDULED',
    'WORKFLOW_TASK_STARTED',
    'WORKFLOW_TASK_COMPLETED',
    'MARKER_RECORDED',
    'WORKFLOW_EXECUTION_COMPLETED',
  ]);
  expect(runs).toEqual([{ attempt: 1, from: undefined }]);
});

it('gets its first workflow task in the response to its start if a worker runs in the same process', async () => {
  const { stop } = await stack.startWorker();
  const isEager = async (id: string): Promise<unknown> =>
    (await handleOf(id).fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted;
  const near = await start();
  await outcomeOf(near);
  expect(await isEager(near)).toBe(true);
  await stop();
  expect(await isEager(await start())).toBe(false);
});

it('is started on the server’s own connection if that of the worker does not answer', async () => {
  const proxy = await startTemporalProxy();
  const connection = await NativeConnection.connect({ address: proxy.address });
  const away = stack.tasks.hasWorker(connection);
  proxy.hang = /StartWorkflowExecution/;
  try {
    expect((await handleOf(await start()).describe()).status.name).toBe('RUNNING');
    expect(proxy.calls.has('StartWorkflowExecution')).toBe(true);
  } finally {
    away();
    await proxy.close();
    await connection.close();
  }
});

it('continues as an activity from its checkpoint once the function has settled', async () => {
  const { settle, settled } = settling();
  script = [
    async (ctx) => {
      ctx.checkpoint(7);
      ctx.progress(1, 2, 'parts');
      await untilAborted(ctx);
      expect((ctx.signal.reason as Error).name).toBe('AbortError');
      await settled;
      throw new Error('interrupted by the signal');
    },
    done,
  ];
  await stack.startWorker();
  const id = await start();
  await firstRun;
  await vi.waitFor(async () => expect((await stack.tasks.engine.get('ann', id)).outcome).toBeUndefined(), 20_000);
  settle();
  expect(await textOf(id)).toBe('done');
  expect(runs).toEqual([
    { attempt: 1, from: undefined },
    { attempt: 2, from: 7 },
  ]);
  expect(most).toBe(1);
  expect(await eventsOf(id)).toContain('ACTIVITY_TASK_SCHEDULED');
});

it('uses a result that comes after the signal', async () => {
  script = [
    async (ctx) => {
      await untilAborted(ctx);
      return 'late';
    },
  ];
  await stack.startWorker();
  const id = await start();
  expect(await textOf(id)).toBe('late');
  expect(runs).toHaveLength(1);
  expect(await eventsOf(id)).toHaveLength(6);
});

it('shows progress reports of the local run', async () => {
  script = [
    async (ctx) => {
      ctx.progress(1, 2, 'parts');
      return await done(ctx, '');
    },
  ];
  await stack.startWorker();
  const id = await start();
  let last: Task | undefined;
  for await (const task of stack.tasks.engine.watch('ann', id, AbortSignal.timeout(30_000))) last = task;
  expect(last?.pastReports).toEqual([{ progress: 1, total: 2, message: 'parts' }]);
});

it('retries a failure as an activity with the remaining attempts', async () => {
  const { settle, settled } = settling();
  script = [
    async (ctx) => {
      ctx.checkpoint(3);
      return await Promise.reject(new Error('unlucky'));
    },
    async () => {
      await settled;
      throw new Error('still unlucky');
    },
  ];
  await stack.startWorker();
  const id = await start();
  const task = await when(id, ({ steps }) => steps[0]?.lastFailure !== undefined);
  expect(statusMessage(task)).toBe('short: attempt 2 of 3 (last failure: unlucky)');
  settle();
  expect(await textOf(id)).toBe('still unlucky');
  expect(runs).toEqual([
    { attempt: 1, from: undefined },
    { attempt: 2, from: 3 },
    { attempt: 3, from: 3 },
  ]);
  const { events } = await handleOf(id).fetchHistory();
  const policies = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: step }) => step?.retryPolicy ?? []);
  // The pauses go on growing.
  expect(policies).toEqual([
    expect.objectContaining({ initialInterval: expect.objectContaining({ nanos: 20_000_000 }) }),
  ]);
});

it('waits before the second attempt as long as the failure says', async () => {
  script = [
    async () =>
      await Promise.reject(ApplicationFailure.create({ message: 'too many requests', nextRetryDelay: '1234 ms' })),
    done,
  ];
  await stack.startWorker();
  const id = await start();
  expect(await textOf(id)).toBe('done');
  const { events } = await handleOf(id).fetchHistory();
  const timers = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) => timer?.startToFireTimeout ?? []);
  expect(timers).toEqual([expect.objectContaining({ nanos: 234_000_000 })]);
});

it.each([
  ['a tool error', short, async () => await Promise.reject(new ToolError('no such file'))],
  ['the only attempt', impatient, async () => await Promise.reject(new Error('no such file'))],
] as const)('ends at once after %s', async (_, tool, run) => {
  script = [run];
  await stack.startWorker();
  const id = await start({}, tool);
  expect(await textOf(id)).toBe('no such file');
  expect(runs).toHaveLength(1);
  expect(await eventsOf(id)).toHaveLength(6);
});

it('has the result of its newest run if an operator resets it after its end', async () => {
  const { settle, settled } = settling();
  script = [
    done,
    async () => {
      await settled;
      return 'done again';
    },
  ];
  await stack.startWorker();
  const id = await start();
  expect(await textOf(id)).toBe('done');
  await resetToStart(client, id);
  const text = textOf(id);
  await expect.poll(() => runs.length).toBe(2);
  settle();
  expect(await text).toBe('done again');
});

it('is cancelled while the function runs', async () => {
  script = [abortable];
  await stack.startWorker();
  const id = await start();
  await firstRun;
  await stack.tasks.engine.cancel('ann', id);
  expect(await outcomeOf(id)).toEqual({ kind: 'cancelled' });
  await handleOf(id)
    .result()
    .catch(() => undefined);
  expect((await handleOf(id).describe()).status.name).toBe('CANCELLED');
  expect(running).toBe(0);
  expect(most).toBe(1);
});

it('stays cancelled, and does not run again, if the function ends first', async () => {
  const { settle, settled } = settling();
  script = [
    async () => {
      await settled;
      return 'done';
    },
  ];
  await stack.startWorker();
  const id = await start();
  await firstRun;
  await stack.tasks.engine.cancel('ann', id);
  settle();
  await handleOf(id)
    .result()
    .catch(() => undefined);
  expect((await handleOf(id).describe()).status.name).toBe('CANCELLED');
  expect(await outcomeOf(id)).toEqual({ kind: 'cancelled' });
  expect(runs).toHaveLength(1);
});

it('continues on another worker after a shutdown', async () => {
  script = [
    async (ctx, text) => {
      ctx.checkpoint(5);
      return await abortable(ctx, text);
    },
    done,
  ];
  const { stop } = await stack.startWorker();
  const id = await start();
  await firstRun;
  await stop();
  await stack.startWorker();
  expect(await textOf(id)).toBe('done');
  expect(runs.at(-1)).toEqual({ attempt: 2, from: 5 });
  expect(most).toBe(1);
});

it('waits for a worker that has the tool', async () => {
  const { stop } = await stack.startWorker({ tools: [other] });
  const id = await start();
  await when(id, ({ steps }) => steps[0]?.state === 'unregistered');
  await stop();
  await stack.startWorker();
  expect(await textOf(id)).toBe('done');
});

it('fails if the function never ends', async () => {
  let settle = (): void => {};
  script = [async () => await new Promise((resolve) => (settle = () => resolve('too late')))];
  await stack.startWorker();
  const id = await start({}, impatient);
  expect(await textOf(id)).toMatch(/^impatient has not ended after 5 seconds, although its signal was aborted/);
  expect(runs).toHaveLength(1);
  settle();
});

it('accepts arguments and results as large as any tool does', async () => {
  script = [async (_, text) => await Promise.resolve(text.replaceAll('a', 'b'))];
  await stack.startWorker();
  const text = 'a'.repeat(1_900_000);
  const id = await start({ text });
  expect(await textOf(id)).toHaveLength(text.length);
  expect((await handleOf(id).describe()).historyLength).toBe(6);
});

it('leaves workflow task slots to other tasks if many functions are slow', async () => {
  const { settle, settled } = settling();
  script = [
    async () => {
      await settled;
      return 'done';
    },
  ];
  await stack.startWorker();
  const ids = await Promise.all(Array.from({ length: 24 }, async () => await start()));
  await vi.waitFor(() => expect(running).toBe(24), 10_000);
  settle();
  await Promise.all(ids.map(outcomeOf));
  const histories = await Promise.all(ids.map(eventsOf));
  expect(histories.filter((events) => events.includes('ACTIVITY_TASK_SCHEDULED'))).toHaveLength(4);
  expect(runs).toHaveLength(24);
});

it('never runs twice in a process, even if Temporal gives up on the workflow task', async () => {
  let settle = (): void => {};
  script = [
    async () => {
      await new Promise<void>((resolve) => (settle = resolve));
      throw new Error('ignored the signal');
    },
    done,
  ];
  const proxy = await startTemporalProxy();
  const { taskQueue } = stack.tasks;
  const far = await startStack([short], { taskQueue, temporal: { address: proxy.address } });
  await far.startWorker();
  const id = await start();
  await firstRun;
  proxy.hang = /RespondWorkflowTaskCompleted/;
  await vi.waitFor(async () => expect(await eventsOf(id)).toContain('WORKFLOW_TASK_TIMED_OUT'), 30_000);
  proxy.hang = undefined;
  await vi.waitFor(
    async () => expect((await handleOf(id).describe()).raw.pendingWorkflowTask?.attempt).toBe(2),
    30_000,
  );
  settle();
  expect(await textOf(id)).toBe('done');
  expect(most).toBe(1);
  await far.close();
  await proxy.close();
}, 60_000);

it('runs again on another worker if its worker is killed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-short-'));
  const file = join(dir, 'begun');
  const path = fileURLToPath(new URL('../fixtures/short-worker.mjs', import.meta.url));
  const child = fork(path, [inject('temporalAddress'), stack.tasks.taskQueue, file], { execArgv: [] });
  const id = await start();
  await vi.waitFor(async () => await access(file), 30_000);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  await stack.startWorker();
  expect(await textOf(id)).toBe('done');
  expect(runs).toEqual([{ attempt: 1, from: undefined }]);
  await rm(dir, { recursive: true, force: true });
}, 60_000);
