/** What a task's status says after an operator has done something to its workflow with Temporal's own CLI. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { step } from '../../src/activity/index.js';
import { defineTool } from '../../src/index.js';
import { task2025 } from '../../src/protocol/2025-11-25/task.js';
import type { Task } from '../../src/task/task.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({}).loose();
const sleeper = defineTool({ name: 'sleeper', inputSchema, workflow: 'sleeper' });
const throwing = defineTool({ name: 'throwing', inputSchema, workflow: 'throwing' });
const asking = defineTool({ name: 'asking', inputSchema, workflow: 'askOnce' });
const flaky = defineTool({
  name: 'flaky',
  inputSchema,
  retry: { initialInterval: '1 hour', maximumInterval: '1 hour' },
  run: async () => await Promise.reject(new Error('connection refused')),
});
const ann = 'ann';
const reserve = step(async () => await Promise.resolve('reserved'));

let stack: Stack;
let temporal: Client;
beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack([sleeper, throwing, asking, flaky]);
  await stack.startWorker({ workflowsPath, activities: { reserve } });
});
afterAll(async () => {
  await stack.close();
  await temporal.connection.close();
});

/** Runs Temporal's CLI, as an operator would. */
async function cli(...args: string[]): Promise<void> {
  const at = ['--address', inject('temporalAddress'), '--namespace', 'default'];
  await promisify(execFile)(inject('temporalCli'), [...args, ...at], { env: { HOME: '/nonexistent' } });
}

const start = async (tool = sleeper, args: object = {}): Promise<string> =>
  (await stack.tasks.engine.start({ owner: ann, tool, args, ttl: null })).id;
const asleep = async (): Promise<string> => {
  const id = await start();
  await when(id, ({ message }) => message === 'asleep');
  return id;
};
const status = (task: Task): string | undefined => task2025(task, 1_000).statusMessage;
async function when(id: string, fits: (task: Task) => boolean): Promise<Task> {
  for await (const task of stack.tasks.engine.watch(ann, id, AbortSignal.timeout(30_000))) if (fits(task)) return task;
  throw new Error('the task ended before that');
}

it('terminated: failed, with the reason, and without clean-up', async () => {
  const id = await asleep();
  await cli('workflow', 'terminate', '--workflow-id', id, '--reason', 'too expensive');
  expect(status(await stack.tasks.engine.result(ann, id))).toBe(
    'An operator terminated this task in Temporal (too expensive), so its work stopped without clean-up; call the tool again if the work is still needed.',
  );
});

it('cancelled: by an operator, unless the caller cancelled it', async () => {
  const [id, own] = [await asleep(), await asleep()];
  await cli('workflow', 'cancel', '--workflow-id', id);
  const task = await stack.tasks.engine.result(ann, id);
  expect(task.outcome.kind).toBe('cancelled');
  expect(status(task)).toBe(
    'An operator cancelled this task in Temporal; call the tool again if the work is still needed.',
  );
  expect(status(await stack.tasks.engine.cancel(ann, own))).toBe('The task was cancelled.');
});

it('failed and reset: running again', async () => {
  const id = await start(throwing, { how: 'tool' });
  expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject({ kind: 'result' });
  // It fails again at once, so pause its worker's view of it: nobody serves the new run until it has been read.
  const { runId } = await temporal.workflow.getHandle(id).describe();
  await stack.close();
  stack = await startStack([sleeper, throwing, asking, flaky], { taskQueue: stack.tasks.taskQueue });
  await cli('workflow', 'reset', '--workflow-id', id, '--type', 'FirstWorkflowTask', '--reason', 'try again');
  await expect.poll(async () => (await temporal.workflow.getHandle(id).describe()).runId).not.toBe(runId);
  const task = await stack.tasks.engine.get(ann, id);
  expect(task.outcome).toBeUndefined();
  expect(status(task)).toMatch(
    /^an operator reset this task in Temporal at \d{4}-\S+Z, so it repeats its work from an earlier point; keep waiting/,
  );
  await stack.startWorker({ workflowsPath, activities: { reserve } });
  expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject({ kind: 'result' });
});

it('answered, ended and reset: asks again, and takes another answer', async () => {
  const id = await start(asking);
  const answer = async (name: string): Promise<void> => {
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length > 0);
    await stack.tasks.engine.respond(ann, id, {
      [Object.keys(inputs)[0] as string]: { action: 'accept', content: { name } },
    });
  };
  await answer('Ann');
  const { runId } = await temporal.workflow.getHandle(id).describe();
  await cli('workflow', 'reset', '--workflow-id', id, '--type', 'FirstWorkflowTask', '--reason', 'the wrong name');
  await expect.poll(async () => (await temporal.workflow.getHandle(id).describe()).runId).not.toBe(runId);
  await answer('Bob');
  expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject({
    result: { structuredContent: { name: 'Bob' } },
  });
});

it('cancelled and reset: running again', async () => {
  const id = await asleep();
  await stack.tasks.engine.cancel(ann, id);
  await temporal.workflow
    .getHandle(id)
    .result()
    .catch(() => undefined);
  await cli('workflow', 'reset', '--workflow-id', id, '--type', 'FirstWorkflowTask', '--reason', 'needed after all');
  await expect
    .poll(async () => status(await stack.tasks.engine.get(ann, id)), { timeout: 20_000 })
    .toMatch(/^an operator reset this task/);
  await temporal.workflow.getHandle(id).terminate();
});

it('signalled: said until something else happens', async () => {
  const id = await asleep();
  await cli('workflow', 'signal', '--workflow-id', id, '--name', 'hurry');
  const task = await when(id, ({ notice }) => notice !== undefined);
  expect(status(task)).toBe(
    'an operator sent this task the signal "hurry" in Temporal; it is still running, so keep waiting · asleep',
  );
  await temporal.workflow.getHandle(id).terminate();
});

it.each([[], ['--input', 'null'], ['--input', '{}', '--input', 'null']])(
  'sent our own signal for answers with nothing in it %j: still asking',
  async (...input) => {
    const id = await start(asking);
    const { inputs } = await when(id, (task) => Object.keys(task.inputs).length > 0);
    await cli('workflow', 'signal', '--workflow-id', id, '--name', 'mcpTaskReply', ...input);
    await stack.tasks.engine.respond(ann, id, {
      [Object.keys(inputs)[0] as string]: { action: 'accept', content: {} },
    });
    expect((await stack.tasks.engine.result(ann, id)).outcome).toMatchObject({ kind: 'result' });
  },
);

it('a paused step: says that an operator has to unpause it', async () => {
  const id = await start(flaky);
  await when(id, ({ steps }) => steps[0]?.state === 'retrying');
  const activity = (await temporal.workflow.getHandle(id).describe()).raw.pendingActivities?.[0]?.activityId ?? '';
  await cli('activity', 'pause', '--workflow-id', id, '--activity-id', activity);
  await expect
    .poll(async () => status(await stack.tasks.engine.get(ann, id)))
    .toBe('flaky: paused by an operator (last failure: connection refused); it continues once an operator unpauses it');
  const paused = await stack.tasks.engine.get(ann, id);
  await cli('activity', 'unpause', '--workflow-id', id, '--activity-id', activity);
  await expect
    .poll(async () => (await stack.tasks.engine.get(ann, id)).steps[0]?.state, { timeout: 20_000 })
    .not.toBe('paused');
  expect((await stack.tasks.engine.get(ann, id)).updatedAt).toBeGreaterThanOrEqual(paused.updatedAt);
  await temporal.workflow.getHandle(id).terminate();
});

it('deleted: not found, which a waiting call learns too', async () => {
  const id = await asleep();
  const told = stack.tasks.engine.result(ann, id).catch((error: unknown) => error);
  await cli('workflow', 'delete', '--workflow-id', id);
  expect(await told).toMatchObject({
    code: 'TASK_NOT_FOUND',
    message:
      'Failed to retrieve task: Task not found. It has expired or been deleted, or never existed; call the tool again if the work is still needed.',
  });
}, 60_000);
