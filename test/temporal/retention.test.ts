/**
 * Keys and tasks whose earlier workflows Temporal's retention has deleted. Temporal takes half a minute to delete a
 * workflow, so all that these tests need is deleted at once.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import type { IdempotencyKey } from '../../src/task/idempotency-key.js';
import type { Task } from '../../src/task/task.js';
import { startStack, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const inputSchema = z.object({}).loose();
const sleeper = defineTool({ name: 'sleeper', inputSchema, workflow: 'sleeper' });
const forgetful = defineTool({ name: 'forgetful', inputSchema, workflow: 'forgetful' });
const failing: IdempotencyKey = { by: 'tool', text: randomUUID() };
const kept: IdempotencyKey = { by: 'client', text: randomUUID() };

let temporal: Client;
let stack: Stack;
/** A replica that has read nothing before the deletions. */
let replica: Stack;
let tenth: Task;
let changed: Task;

beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack([sleeper, forgetful]);
  replica = await startStack([sleeper, forgetful], { taskQueue: stack.tasks.taskQueue });
  await stack.startWorker({ workflowsPath });
  changed = await start(stack, forgetful, kept);
  for await (const { message } of stack.tasks.engine.watch('ann', changed.id)) if (message) break;
  const { raw } = await temporal.workflow.getHandle(changed.id).describe();
  const gone: [id: string, runId?: string][] = [[changed.id, raw.workflowExecutionInfo?.firstRunId ?? '']];
  for (let generation = 0; generation < 10; generation++) {
    const { id } = await start(stack, sleeper, failing);
    await temporal.workflow.getHandle(id).terminate();
    gone.push([id]);
  }
  tenth = await start(stack, sleeper, failing);
  for (const [workflowId, runId = ''] of gone)
    await temporal.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
    });
  for (const [id, runId] of gone)
    await vi.waitFor(
      async () => {
        const left = await temporal.workflow
          .getHandle(id, runId)
          .describe()
          .catch(() => undefined);
        if (left) throw new Error(`${id} is not deleted yet`);
      },
      { timeout: 60_000, interval: 500 },
    );
}, 90_000);
afterAll(async () => {
  await temporal.workflow.getHandle(tenth.id).terminate();
  await Promise.all([stack.close(), replica.close()]);
  await temporal.connection.close();
});

const start = async ({ tasks }: Stack, tool: typeof sleeper, key: IdempotencyKey, args = {}): Promise<Task> =>
  await tasks.engine.start({ owner: 'ann', tool, args, ttl: null, key });

it('a key still has its running task after all earlier ones are gone, however many there were', async () => {
  expect(await start(replica, sleeper, failing)).toMatchObject({ id: tenth.id });
  await expect(start(replica, sleeper, failing, { n: 1 })).rejects.toMatchObject({ code: 'KEY_REUSED' });
});

it('a workflow that replaced its memo is still a task, and keeps its key, after its first run is gone', async () => {
  const task = await replica.tasks.engine.get('ann', changed.id);
  expect(task).toMatchObject({ tool: 'forgetful', message: 'with its own memo' });
  expect(task.outcome).toBeUndefined();
  await expect(start(replica, forgetful, kept)).rejects.toMatchObject({
    code: 'KEY_REUSED',
    message: expect.stringContaining('no longer records the arguments'),
  });
  expect((await replica.tasks.engine.cancel('ann', changed.id)).outcome).toEqual({ kind: 'cancelled' });
});
