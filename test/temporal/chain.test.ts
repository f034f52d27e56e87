/** Workflows that continue as new: each is one task, no matter which earlier runs Temporal still retains. */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { startTemporalProxy, type TemporalProxy } from '../helpers/temporal-proxy.js';
import { openEngine } from '../helpers/engine.js';

const ann = 'ann';
const chained = defineTool({ name: 'chained', inputSchema: z.object({ runs: z.number() }), workflow: 'chained' });
let stack: Stack;
let temporal: Client;
let proxy: TemporalProxy;
/** A chain whose first run has been deleted, as it would be by retention. */
let shortened: { readonly id: string; readonly first: string };
beforeAll(async () => {
  temporal = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  proxy = await startTemporalProxy();
  stack = await startStack([chained]);
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
  const id = await chain(5);
  const { raw } = await temporal.workflow.getHandle(id).describe();
  shortened = { id, first: raw.workflowExecutionInfo?.firstRunId ?? '' };
  await temporal.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: id, runId: shortened.first },
  });
});
afterAll(async () => {
  await stack.close();
  await proxy.close();
  await temporal.connection.close();
});

/** Starts a task and returns its ID once the last of its runs is running. */
async function chain(length: number): Promise<string> {
  const { id } = await stack.tasks.engine.start({ owner: ann, tool: chained, args: { runs: length }, ttl: null });
  for await (const { message } of stack.tasks.engine.watch(ann, id, AbortSignal.timeout(20_000)))
    if (message === 'the last run') return id;
  throw new Error('the task ended before that');
}

it('reads a long chain over a slow connection: each read continues where the previous one ran out of time', async () => {
  const id = await chain(8);
  const { engine } = openEngine(proxy.address);
  proxy.delay = 400;
  await expect(engine.get(ann, id)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  await expect
    .poll(async () => await engine.get(ann, id).catch((error: unknown) => error), { timeout: 20_000 })
    .toMatchObject({ id, inputs: {} });
  await engine.close();
  await temporal.workflow.getHandle(id).terminate();
});

it(
  'reads, lists and cancels the task at any replica after retention has deleted its first run',
  { timeout: 90_000 },
  async () => {
    // Temporal takes half a minute to delete the run.
    await expect
      .poll(
        async () =>
          await temporal.workflow
            .getHandle(shortened.id, shortened.first)
            .describe()
            .catch((error: Error) => error.name),
        { timeout: 60_000 },
      )
      .toBe('WorkflowNotFoundError');
    const { engine } = openEngine();
    expect((await engine.get(ann, shortened.id)).outcome).toBeUndefined();
    await expect.poll(async () => (await engine.list(ann)).tasks.map(({ id }) => id)).toContain(shortened.id);
    expect((await engine.cancel(ann, shortened.id)).outcome).toEqual({ kind: 'cancelled' });
    await engine.close();
  },
);
