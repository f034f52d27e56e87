/** An operator resets a load to an earlier event, in Temporal's UI or CLI. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadPlan } from '../../src/tools/load/types.js';
import { failureText, loader, scratch, until, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let tasks: Loader | undefined;
let table: string;

beforeEach(async () => {
  place = await scratch();
  table = `${place.schema}.t`;
  await writeFile(join(place.root, 'a.csv'), 'v\na\n');
  await place.sql(`CREATE TABLE ${table} (v text); INSERT INTO ${table} VALUES ('old')`);
});

afterEach(async () => {
  await tasks?.close();
  tasks = undefined;
  await place.close();
});

async function content(): Promise<unknown[]> {
  return (await place.sql<{ v: unknown }>(`SELECT v FROM ${table}`)).map(({ v }) => v);
}

/** Resets to the workflow task that scheduled the activity. */
async function reset(workflowId: string, activity: string): Promise<void> {
  const { workflowService, workflow, options } = tasks!.client;
  const { events } = await workflow.getHandle(workflowId).fetchHistory();
  const scheduled = events!.find((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === activity)!;
  await workflowService.resetWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: scheduled.activityTaskScheduledEventAttributes!.workflowTaskCompletedEventId!,
  });
}

/** Replaces a step with one that throws while `failing` has something. */
function failing(step: 'loadChunks' | 'verifyStaging' | 'swapTables'): { activities: object; errors: string[] } {
  const real = loadActivities(place.config);
  const errors: string[] = [];
  const activities = {
    async [step](plan: LoadPlan) {
      const error = errors[0];
      if (error !== undefined) throw ApplicationFailure.nonRetryable(error);
      return await real[step](plan);
    },
  };
  return { activities, errors };
}

test.each(['createStaging', 'loadChunks', 'verifyStaging'])(
  'a failed load that is reset to %s either completes or reports its own error, and leaves nothing',
  async (step) => {
    const { activities, errors } = failing('swapTables');
    errors.push('first');
    tasks = await loader(place.config, activities);
    const handle = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
    expect(failureText(await handle.result().catch((e: unknown) => e))).toBe('first');
    expect(await place.tables()).toEqual(['t']);

    errors[0] = 'second';
    await reset(handle.workflowId, step);
    const again = tasks.client.workflow.getHandle(handle.workflowId);
    const message = failureText(await again.result().catch((e: unknown) => e));
    expect(message).toMatch(step === 'verifyStaging' ? /staging.* does not exist|start a new task/ : /^second$/);
    expect(await place.tables()).toEqual(['t']);
    expect(await content()).toEqual(['old']);

    errors.length = 0;
    await reset(handle.workflowId, step);
    const last = tasks.client.workflow.getHandle(handle.workflowId);
    const outcome = await last.result().then(() => 'completed', failureText);
    expect(outcome).toMatch(step === 'verifyStaging' ? /staging.* does not exist|start a new task/ : /^completed$/);
    expect(await place.tables()).toEqual(['t']);
    expect(await content()).toEqual([step === 'verifyStaging' ? 'old' : 'a']);
  },
  120_000,
);

test('a running load that is reset completes, and its cleanup waits for it', async () => {
  const real = loadActivities(place.config);
  let open: (() => void) | undefined;
  let runs = 0;
  tasks = await loader(place.config, {
    async verifyStaging(plan: LoadPlan) {
      if (++runs === 1) await new Promise<void>((resolve) => (open = resolve));
      return await real.verifyStaging(plan);
    },
  });
  const handle = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
  await until(async () => open, 'the verification');
  await reset(handle.workflowId, 'loadChunks');
  open!();
  await tasks.client.workflow.getHandle(handle.workflowId).result();
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual(['a']);
}, 120_000);
