/** The workflow of `load_dataset`. @module */
import {
  CancellationScope,
  CancelledFailure,
  getExternalWorkflowHandle,
  log,
  patched,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { task } from '../../src/workflow/index.js';
import { proxySteps } from '../../src/workflow/steps.js';
import type { LoadActivities, LoadArguments, LoadPlan, LoadResult, LoadTarget } from '../../src/tools/load/types.js';
import { loadDatasetCleanup, undoSignal } from './load-dataset-cleanup.js';

/** How long a failed or cancelled task waits for its cleanup. The cleanup continues even after the task has ended. */
const CLEANUP_WAIT = '2 minutes';

const steps = proxySteps(proxyActivities<LoadActivities>, {
  startToCloseTimeout: '24 hours',
  // Shorter than a tool's, so that a killed worker's step restarts sooner. Overlapping attempts do no harm here.
  heartbeatTimeout: '15 seconds',
  // Errors that a retry cannot fix are not retried, so these attempts cover an unavailable database.
  retry: { maximumAttempts: 20, initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  // The cleanup must not begin before the step has released its tables.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/**
 * Loads files into a table: inspect, create, load, verify, swap.
 *
 * A task that ends without a result leaves the database as it was. There is no race with a cancellation:
 *
 * - The swap can be undone for as long as the workflow runs.
 * - The workflow checks for a cancellation last.
 * - If a cancellation arrives after that check, Temporal's server rejects the completion and the workflow checks again.
 *
 * {@link loadDatasetCleanup} drops the replaced table once this workflow has closed.
 */
export async function loadDataset(args: LoadArguments): Promise<LoadResult> {
  const started = Date.now();
  task.status('inspect: reading the source');
  const plan = await steps.inspectSource(args);
  // Must not be cancelled together with the task, because it cleans up after it.
  const first = await CancellationScope.nonCancellable(() => startCleanup(plan.target));
  let cleanup: Cleanup | undefined = first;
  const renew = async (): Promise<void> => {
    if (cleanup === first) cleanup = await CancellationScope.nonCancellable(() => renewCleanup(first, plan.target));
  };
  try {
    const result = await load(plan, started, renew);
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled after the swap');
    return result;
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      await renew();
      if (cleanup) await undo(cleanup);
    });
    throw error;
  }
}

/** @param renew called before the swap */
async function load(plan: LoadPlan, started: number, renew: () => Promise<void>): Promise<LoadResult> {
  const { source, target } = plan;
  task.status('create: creating the staging table');
  await steps.createStaging(plan);
  task.status(`load: ${source.rows} rows`);
  const counts = await steps.loadChunks(plan);
  task.progress(source.rows, source.rows, 'rows');
  task.status('verify: comparing rows and checksums');
  const digest = await steps.verifyStaging(plan);
  task.status(target.mode === 'upsert' ? 'merge: adding the rows' : 'swap: putting the new table in place');
  await renew();
  const merged = await steps.swapTables(plan);
  return {
    table: `${target.schema}.${target.table}`,
    rowsIn: source.rows,
    ...(source.excluded === undefined ? {} : { rowsExcluded: source.excluded }),
    rowsOut: digest.rows,
    ...(merged ? { rowsInserted: merged.inserted, rowsUpdated: merged.updated } : {}),
    checksum: digest.checksum,
    ...counts,
    files: source.files.length,
    columns: source.columns,
    seconds: (Date.now() - started) / 1000,
  };
}

type Cleanup = ChildWorkflowHandle<typeof loadDatasetCleanup>;

/**
 * After a reset by an operator, the cleanup belongs to the previous run. If it has ended, starts another one. Otherwise
 * cancels it: it then waits until this workflow has closed, and checks whether the load completed.
 *
 * @returns the cleanup, or undefined if it cannot be signalled
 */
async function renewCleanup(cleanup: Cleanup, target: LoadTarget): Promise<Cleanup | undefined> {
  const { runId, firstExecutionRunId, unsafe } = workflowInfo();
  // In a replay, the patch's marker decides, because a replayer may run the history under its first run's ID.
  const mayBeReset = unsafe.isReplaying || runId !== firstExecutionRunId;
  if (!mayBeReset || !patched('load-dataset-reset')) return cleanup;
  try {
    return await startCleanup(target);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  await getExternalWorkflowHandle(cleanupId()).cancel();
  return undefined;
}

async function startCleanup(target: LoadTarget): Promise<Cleanup> {
  return await startChild(loadDatasetCleanup, {
    // Must not start with the prefix of task IDs, or it would be listed as a task.
    workflowId: cleanupId(),
    args: [target],
    // The cancellation request signals that this workflow has closed for any reason, including termination and timeout.
    parentClosePolicy: 'REQUEST_CANCEL',
    staticSummary: 'Removes what a load_dataset task leaves in its database',
  });
}

function cleanupId(): string {
  return `cleanup-${task.id}`;
}

async function undo(cleanup: Cleanup): Promise<void> {
  task.status('cleaning up');
  await cleanup.signal(undoSignal);
  const done = cleanup.result().catch((error: unknown) => log.error('load cleanup failed', { error }));
  await Promise.race([done, sleep(CLEANUP_WAIT)]);
}
