// Records a step whose workflow continues as new after its worker has shut down: `npm run record-histories`. The dev
// server suggests that for a small history, so the arguments can be small too.
import { randomBytes } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createWorker } from '../dist/src/worker/index.js';
import { defineTool, DurableTasks } from '../dist/src/index.js';
import { findTemporalCli } from '../dist/src/temporal/dev-server/index.js';
import { z } from 'zod';
import { record } from './history-files.mjs';

const path = await findTemporalCli({ log: () => undefined });
const temporal = await TestWorkflowEnvironment.createLocal({
  server: {
    executable: { type: 'existing-path', path },
    extraArgs: ['--dynamic-config-value', 'limit.historySize.suggestContinueAsNew=2000'],
  },
});
const logger = { debug() {}, info() {}, warn() {}, error() {} };
let arrived = () => {};
const tool = defineTool({
  name: 'deployed',
  inputSchema: z.object({}).loose(),
  async run(_args, ctx) {
    if (ctx.lastCheckpoint !== undefined) return ctx.lastCheckpoint;
    ctx.checkpoint(1);
    ctx.progress(1, 2, 'parts');
    arrived();
    return await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
  },
});
const owner = 'recorder';
const tasks = await DurableTasks.connect({
  tools: [tool],
  temporal: { address: temporal.address },
  key: randomBytes(32).toString('hex'),
  logger,
});
const begin = async () => {
  const worker = await createWorker({ tools: [tool], tasks, shutdownGraceTime: 0 });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
  };
};
try {
  const { id } = await tasks.engine.start({ owner, tool, args: { text: 'x'.repeat(1_000) }, ttl: null });
  const first = (await temporal.client.workflow.getHandle(id).describe()).runId;
  const isThere = new Promise((resolve) => (arrived = resolve));
  const stopFirst = await begin();
  await isThere;
  await stopFirst();
  const stopSecond = await begin();
  await tasks.engine.result(owner, id);
  const second = (await temporal.client.workflow.getHandle(id).describe()).runId;
  await record(temporal.client, 'tool-task-continues', id, first);
  await record(temporal.client, 'tool-task-continued', id, second);
  await stopSecond();
} finally {
  await tasks.close();
  await temporal.teardown();
}
