/** The workflow that cleans up after a `load_dataset` task. @module */
import {
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { LoadActivities, LoadTarget } from '../../src/tools/load/types.js';

/** The signal that a task sends before it ends without a result. */
export const undoSignal = defineSignal('undoLoad');

const { undoLoad, settleLoad } = proxyActivities<Pick<LoadActivities, 'undoLoad' | 'settleLoad'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  // Retry without limit: the database may be unavailable for longer than anyone waits for the task.
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * Undoes or settles a load. It is a child of the task that outlives it, and waits until the task requests an undo or
 * closes. The parent close policy turns closing into a cancellation request. As a result, the table that a load
 * replaced is dropped only when the load can no longer be cancelled, and a terminated task leaves no staging table.
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
