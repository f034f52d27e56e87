/** The workflow that cleans up behind a `load_dataset` task. @module */
import {
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { LoadActivities, LoadTarget } from '../src/tools/load/types.js';

/** Sent by the task before it ends without a result. */
export const undoSignal = defineSignal('undoLoad');

const { undoLoad, settleLoad } = proxyActivities<Pick<LoadActivities, 'undoLoad' | 'settleLoad'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  // For as long as it takes: the database may be away for longer than anybody waits for the task.
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * A child of the task that outlives it. Waits for the task to ask for an undo, or to close: its parent close policy turns
 * that into a cancellation request. So the table that a load replaced is only dropped when the load can no longer be
 * cancelled, and a task that was terminated does not leave its staging table behind.
 */
export async function loadDatasetCleanup(target: LoadTarget): Promise<void> {
  let undo = false;
  setHandler(undoSignal, () => {
    undo = true;
  });
  try {
    await condition(() => undo);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  await CancellationScope.nonCancellable(() => (undo ? undoLoad(target) : settleLoad(target)));
}
