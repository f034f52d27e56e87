/** The workflow of `load_dataset`. @module */
import {
  CancellationScope,
  CancelledFailure,
  log,
  proxyActivities,
  sleep,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { task } from '../src/workflow/index.js';
import type { LoadActivities, LoadArguments, LoadPlan, LoadResult, LoadTarget } from '../src/tools/load/types.js';
import { loadDatasetCleanup, undoSignal } from './load-dataset-cleanup.js';

/** How long a failed or cancelled task waits for its clean-up before it ends without it; the clean-up goes on. */
const CLEANUP_WAIT = '2 minutes';

const steps = proxyActivities<LoadActivities>({
  startToCloseTimeout: '24 hours',
  // Shorter than a tool's: two attempts side by side do no harm here, and so a killed worker's step starts again sooner.
  heartbeatTimeout: '15 seconds',
  // What cannot be mended by trying again is not retried, so these attempts are for a database or a worker that is away.
  retry: { maximumAttempts: 20, initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  // Clean-up begins when the step has let go of its tables.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/**
 * Loads files into a table: inspect, create, load, verify, swap.
 *
 * A task that ends in any other way than with a result leaves the database as it was. This is race-free: the swap can be
 * undone for as long as the workflow runs, the workflow's last act is to look for a cancellation, and the server refuses a
 * completion that a cancellation has overtaken, so that the workflow looks again. What the swap replaced is dropped by
 * {@link loadDatasetCleanup}, which begins when this workflow has closed.
 */
export async function loadDataset(args: LoadArguments): Promise<LoadResult> {
  const started = Date.now();
  task.status('inspect: reading the source');
  const plan = await steps.inspectSource(args);
  // Not to be cancelled together with the task: it is what cleans up behind it.
  const cleanup = await CancellationScope.nonCancellable(() => startCleanup(plan.target));
  try {
    const result = await load(plan, started);
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled after the swap');
    return result;
  } catch (error) {
    await CancellationScope.nonCancellable(() => undo(cleanup));
    throw error;
  }
}

async function load(plan: LoadPlan, started: number): Promise<LoadResult> {
  const { source, target } = plan;
  task.status('create: making the staging table');
  await steps.createStaging(plan);
  task.status(`load: ${source.rows} rows`);
  const counts = await steps.loadChunks(plan);
  task.progress(source.rows, source.rows, 'rows');
  task.status('verify: comparing rows and checksums');
  const digest = await steps.verifyStaging(plan);
  task.status('swap: putting the new table in place');
  await steps.swapTables(plan);
  return {
    table: `${target.schema}.${target.table}`,
    rowsIn: source.rows,
    rowsOut: digest.rows,
    checksum: digest.checksum,
    ...counts,
    files: source.files.length,
    columns: source.columns,
    seconds: (Date.now() - started) / 1000,
  };
}

async function startCleanup(target: LoadTarget): Promise<ChildWorkflowHandle<typeof loadDatasetCleanup>> {
  return await startChild(loadDatasetCleanup, {
    // Not beginning as a task's ID does, or it would be listed as one.
    workflowId: `cleanup-${task.id}`,
    args: [target],
    // The request tells it that this workflow has closed, however that happened: termination and timeout included.
    parentClosePolicy: 'REQUEST_CANCEL',
    staticSummary: 'Removes what a load_dataset task leaves in its database',
  });
}

async function undo(cleanup: ChildWorkflowHandle<typeof loadDatasetCleanup>): Promise<void> {
  task.status('cleaning up');
  await cleanup.signal(undoSignal);
  const done = cleanup.result().catch((error: unknown) => log.error('the clean-up of a load failed', { error }));
  await Promise.race([done, sleep(CLEANUP_WAIT)]);
}
