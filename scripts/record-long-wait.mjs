// Records a question whose workflow continues as new during a long wait: `npm run record-histories`. The dev server
// allows few updates, so this happens soon.
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
    extraArgs: ['--dynamic-config-value', 'history.maxTotalUpdates=5'],
  },
});
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const tool = defineTool({ name: 'asked', inputSchema: z.object({}), run: async () => await Promise.resolve('done') });
const owner = 'recorder';
const tasks = await DurableTasks.connect({
  tools: [tool],
  temporal: { address: temporal.address },
  key: '5f1c7a90d3e84b26bd07f4a1c95e38d2',
  logger,
});
const worker = await createWorker({ tools: [tool], tasks });
const running = worker.run();
try {
  const { engine } = tasks;
  const askFirst = {
    message: 'Sure?',
    requestedSchema: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
  };
  const { id } = await engine.start({ owner, tool, args: {}, ttl: null, askFirst });
  const open = async (key) => {
    for await (const task of engine.watch(owner, id)) if (task.inputs[key]) return;
  };
  const runOf = async () => (await temporal.client.workflow.getHandle(id).describe()).runId;
  const first = await runOf();
  await open('input-1');
  await engine.reply(owner, id, 'input-1', { answer: { action: 'accept', content: {} } });
  await open('input-2');
  for (let claims = 0; (await runOf()) === first; claims++)
    await engine.claim(owner, id, { key: 'input-2', claimant: `process-${claims}`, ms: 1 });
  const second = await runOf();
  await open('input-2');
  await engine.reply(owner, id, 'input-2', { answer: { action: 'accept', content: { reason: 'because' } } });
  await engine.result(owner, id);
  await record(temporal.client, 'ask-first-continues', id, first);
  await record(temporal.client, 'ask-first-continued', id, second);
} finally {
  worker.shutdown();
  await running;
  await tasks.close();
  await temporal.teardown();
}
