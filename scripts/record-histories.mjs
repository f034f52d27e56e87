// Records the histories that test/replay replays: `npm run record-histories`. Each file is one execution of a shipped
// workflow. Recorded files are kept, because tasks like them may still be running somewhere.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { startLocalStack } from '../dist/src/cli/local-stack.js';
import { defineTool, ToolError } from '../dist/src/index.js';
import { createWorker } from '../dist/src/worker/index.js';
import { histories, record } from './history-files.mjs';

// Paths become part of the histories, so they must be the same on every machine.
const dir = '/tmp/mcp-tasks-histories';
const logger = { debug() {}, info() {}, warn() {}, error() {} };

await rm(dir, { recursive: true, force: true });
await mkdir(join(dir, 'data'), { recursive: true });
await mkdir(histories, { recursive: true });
await writeFile(
  join(dir, 'data/small.csv'),
  `id,name\n${Array.from({ length: 5000 }, (_, i) => `${i},name ${i}`).join('\n')}\n`,
);
await copyFile(
  fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets'))),
  join(dir, 'data/large.parquet'),
);

const stack = await startLocalStack({
  port: 0,
  dir: join(dir, 'state'),
  env: { ...process.env, MCP_TASKS_ROOTS: join(dir, 'data') },
  logger,
});
const { engine, tools, temporal } = stack.tasks;
const client = new Client({
  connection: await Connection.connect(temporal.connectionOptions),
  namespace: temporal.namespace,
});
const owner = 'recorder';
const start = async (name, args, more = {}) => {
  const tool = tools.find((candidate) => candidate.name === name);
  const parsed = await tool.inputSchema['~standard'].validate(args);
  return await engine.start({
    owner,
    tool,
    args: tool.work.kind === 'function' ? args : parsed.value,
    ttl: null,
    ...more,
  });
};

try {
  const converted = await start('convert_file', {
    source: join(dir, 'data/small.csv'),
    target: join(dir, 'data/small.parquet'),
  });
  await record(client, 'tool-task-completed', converted.id);
  const refused = await start('convert_file', {
    source: join(dir, 'data/none.csv'),
    target: join(dir, 'data/none.parquet'),
  });
  await record(client, 'tool-task-failed', refused.id);
  const loaded = await start('load_dataset', { source: join(dir, 'data/small.csv'), table: 'small', mode: 'replace' });
  await record(client, 'load-dataset-completed', loaded.id);
  await record(client, 'load-dataset-cleanup-settled', `cleanup-${loaded.id}`);
  for (const id of [loaded.id, `cleanup-${loaded.id}`]) await client.workflow.getHandle(id).result();
  await resetTo(loaded.id, 'createStaging');
  await record(client, 'load-dataset-reset', loaded.id);
  const missing = await start('load_dataset', { source: join(dir, 'data/none.csv'), table: 'none' });
  await record(client, 'load-dataset-failed', missing.id);
  const cancelled = await start('load_dataset', { source: join(dir, 'data/large.parquet'), table: 'large' });
  for await (const task of engine.watch(owner, cancelled.id))
    if (task.steps[0]?.name === 'loadChunks' && task.steps[0].progress) break;
  await engine.cancel(owner, cancelled.id);
  await record(client, 'load-dataset-cancelled', cancelled.id);
  await record(client, 'load-dataset-cleanup-undone', `cleanup-${cancelled.id}`);
  const late = await start(
    'load_dataset',
    { source: join(dir, 'data/large.parquet'), table: 'late' },
    { ttl: 500, onTtl: 'cancel' },
  );
  await record(client, 'task-ttl-cancelled', `mcp-ttl-${late.id.slice('mcp-'.length)}`);
  const janitor = await client.workflow.start('mcpJanitor', {
    workflowId: 'janitor',
    taskQueue: stack.tasks.taskQueue,
  });
  await record(client, 'janitor-completed', janitor.workflowId);
  const askFirst = {
    message: 'Sure?',
    requestedSchema: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
  };
  const asked = await start(
    'convert_file',
    { source: join(dir, 'data/small.csv'), target: join(dir, 'data/asked.parquet') },
    { askFirst },
  );
  const { runId } = await client.workflow.getHandle(asked.id).describe();
  for await (const task of engine.watch(owner, asked.id)) if (task.inputs['input-1']) break;
  await engine.claim(owner, asked.id, { key: 'input-1', claimant: 'recorder', ms: 60_000 });
  await engine.reply(owner, asked.id, 'input-1', { answer: { action: 'accept', content: {} } });
  for await (const task of engine.watch(owner, asked.id)) if (task.inputs['input-2']) break;
  await engine.reply(owner, asked.id, 'input-2', { answer: { action: 'accept', content: { reason: 'because' } } });
  await engine.result(owner, asked.id);
  await record(client, 'ask-first-accepted', asked.id, runId);
  await record(client, 'tool-task-with-answer', asked.id);
  const unanswerable = await start(
    'convert_file',
    { source: join(dir, 'data/small.csv'), target: join(dir, 'data/never.parquet') },
    { askFirst, caller: { cannotAnswer: ['elicitation.form'] } },
  );
  await record(client, 'ask-first-unanswerable', unanswerable.id);
  const unanswered = await start(
    'convert_file',
    { source: join(dir, 'data/small.csv'), target: join(dir, 'data/never.parquet') },
    { askFirst, caller: { answerWithin: 500 } },
  );
  await record(client, 'ask-first-unanswered', unanswered.id);
  // Like a gateway's tool with `confirm` and timeouts: it continues as an existing workflow, on that workflow's task
  // queue.
  const existing = {
    name: 'nightly_load',
    taskQueue: 'etl',
    timeouts: { run: '1 hour' },
    work: { kind: 'workflow', workflowType: 'NightlyLoad', existing: { mapping: {} } },
  };
  const confirm = { message: 'Load orders?', requestedSchema: { type: 'object', properties: {} } };
  const confirmed = await engine.start({
    owner,
    tool: existing,
    args: { table: 'orders' },
    ttl: null,
    askFirst: confirm,
  });
  const asking = await client.workflow.getHandle(confirmed.id).describe();
  for await (const task of engine.watch(owner, confirmed.id)) if (task.inputs['input-1']) break;
  await engine.reply(owner, confirmed.id, 'input-1', { answer: { action: 'accept', content: {} } });
  const goesOn = async () => (await client.workflow.getHandle(confirmed.id).describe()).runId !== asking.runId;
  while (!(await goesOn())) await delay(50);
  // No worker polls that queue here.
  await client.workflow.getHandle(confirmed.id).terminate('recorded');
  await record(client, 'ask-first-existing', confirmed.id, asking.runId);
  await recordInterrupted();
  await recordShort();
} finally {
  await client.connection.close();
  await stack.stop();
  await rm(dir, { recursive: true, force: true });
}

/** Resets a workflow to the workflow task that scheduled an activity, as an operator does in Temporal's UI. */
async function resetTo(workflowId, activity) {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const attributes = events.map((event) => event.activityTaskScheduledEventAttributes);
  const scheduled = attributes.find((each) => each?.activityType.name === activity);
  await client.workflowService.resetWorkflowExecution({
    namespace: temporal.namespace,
    workflowExecution: { workflowId },
    reason: 'recorded',
    requestId: randomUUID(),
    workflowTaskFinishEventId: scheduled.workflowTaskCompletedEventId,
  });
}

/** A tool that at first no worker has, that then fails once, and whose worker is finally shut down. */
async function recordInterrupted() {
  let runs = 0;
  let arrived = () => {};
  const tool = defineTool({
    name: 'interrupted',
    taskQueue: 'interrupted',
    inputSchema: z.object({}),
    retry: { maximumAttempts: 2, initialInterval: '10 ms' },
    async run(_args, ctx) {
      if (++runs === 1) throw new Error('unlucky');
      if (runs === 3) return ctx.lastCheckpoint;
      ctx.checkpoint(1);
      ctx.progress(1, 2, 'parts');
      arrived();
      return await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
    },
  });
  const other = defineTool({ name: 'other', inputSchema: z.object({}), run: async () => {} });
  const begin = async (registered) => {
    const options = { taskQueue: 'interrupted', shutdownGraceTime: 0 };
    const worker = await createWorker({
      tools: registered,
      ...options,
      temporal: { address: temporal.connectionOptions.address },
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  };
  const task = await engine.start({ owner, tool, args: {}, ttl: null });
  const withoutIt = await begin([other]);
  for await (const { steps } of engine.watch(owner, task.id)) if (steps[0]?.state === 'unregistered') break;
  await withoutIt();
  const isThere = new Promise((resolve) => (arrived = resolve));
  const first = await begin([tool]);
  await isThere;
  await first();
  const second = await begin([tool]);
  await record(client, 'tool-task-interrupted', task.id);
  await second();
}

/**
 * A short tool that ends at once, fails for good, takes too long for a local activity, fails once, and is cancelled.
 */
async function recordShort() {
  const stopped = (ctx) =>
    new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
  let arrived = () => {};
  const runs = {
    completed: async () => 'done',
    failed: async () => {
      throw new ToolError('no such file');
    },
    continued: async (ctx) => {
      if (ctx.lastCheckpoint === 1) return 'done';
      ctx.checkpoint(1);
      ctx.progress(1, 2, 'parts');
      return await stopped(ctx);
    },
    retried: async (ctx) => {
      if (ctx.attempt === 1) throw new Error('unlucky');
      return 'done';
    },
    cancelled: async (ctx) => {
      arrived();
      return await stopped(ctx);
    },
  };
  const tool = defineTool({
    name: 'short',
    taskQueue: 'short',
    expected: 'seconds',
    inputSchema: z.object({ run: z.string() }),
    retry: { initialInterval: '10 ms' },
    run: async ({ run }, ctx) => await runs[run](ctx),
  });
  const worker = await createWorker({
    tools: [tool],
    taskQueue: 'short',
    temporal: { address: temporal.connectionOptions.address },
  });
  const running = worker.run();
  for (const run of Object.keys(runs)) {
    const isThere = new Promise((resolve) => (arrived = resolve));
    const task = await engine.start({ owner, tool, args: { run }, ttl: null });
    if (run === 'cancelled') {
      await isThere;
      await engine.cancel(owner, task.id);
    }
    await record(client, `short-tool-task-${run}`, task.id);
  }
  worker.shutdown();
  await running;
}
