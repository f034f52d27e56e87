// Records the workflows of command tools: `npm run record-histories`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createWorker } from '../dist/src/worker/index.js';
import { defineCommand, DurableTasks } from '../dist/src/index.js';
import { findTemporalCli } from '../dist/src/temporal/dev-server/index.js';
import { z } from 'zod';
import { record } from './history-files.mjs';

const path = await findTemporalCli({ log: () => undefined });
const temporal = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path } } });
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-commands-'));
const command = (name, code, more = {}) =>
  defineCommand({ name, inputSchema: z.object({}), command: ['node', '-e', code], dir, key: 'one', ...more });
const quick = command('quick', '', { plan: ['node', '-e', 'console.log("what it would do")'] });
const slow = command('slow', 'setInterval(() => {}, 1000)', { cleanup: ['node', '-e', ''] });
const unclean = command('unclean', 'setInterval(() => {}, 1000)', { timeouts: { heartbeat: '2 seconds' } });
const owner = 'recorder';
const tools = [quick, slow, unclean];
const tasks = await DurableTasks.connect({
  tools,
  temporal: { address: temporal.address },
  key: '5f1c7a90d3e84b26bd07f4a1c95e38d2',
  logger,
});
const worker = await createWorker({ tools, tasks });
const running = worker.run();
const { client } = temporal;
const { engine } = tasks;
const start = async (tool) => (await engine.start({ owner, tool, args: {}, ttl: null })).id;
const when = async (id, fits) => {
  for await (const task of engine.watch(owner, id)) if (fits(task)) return task;
};
/** The workflow that holds the key of a running task. */
const holder = async (id) => {
  for (;;) {
    const { raw } = await client.workflow.getHandle(id).describe();
    const [child] = raw.pendingChildren ?? [];
    if (child?.runId) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
try {
  const cancelled = await start(slow);
  const held = await holder(cancelled);
  await when(cancelled, ({ steps }) => steps[0]?.state === 'running');
  const waited = await start(quick);
  const { inputs } = await when(waited, (task) => Object.keys(task.inputs).length > 0);
  await engine.respond(owner, waited, { [Object.keys(inputs)[0]]: { action: 'accept', content: {} } });
  await when(waited, ({ message }) => message?.startsWith('waiting for another task'));
  await engine.cancel(owner, cancelled);
  await record(client, 'command-task-cancelled', cancelled);
  await record(client, 'command-key-released', held.workflowId, held.runId);
  await record(client, 'command-task-waited', waited);
  await engine.readFile(owner, { id: waited }, quick, { file: 'log', length: 100 });
  for (let found; !found;) {
    for await (const { workflowId } of client.workflow.list({ query: 'WorkflowType = "mcpReadTaskFile"' }))
      found = await record(client, 'read-task-file', workflowId).then(() => true);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const terminated = await start(unclean);
  const kept = await holder(terminated);
  await client.workflow.getHandle(terminated).terminate();
  await record(client, 'command-key-kept', kept.workflowId, kept.runId);
} finally {
  worker.shutdown();
  await running;
  await tasks.close();
  await temporal.teardown();
  await rm(dir, { recursive: true, force: true });
}
