/** The shipped workflow that holds the key of a running command tool. @module */
import { CancellationScope, condition, defineSignal, isCancellation, setHandler } from '@temporalio/workflow';
import { RELEASE_KEY_SIGNAL } from '../src/task/names.js';

const releaseSignal = defineSignal(RELEASE_KEY_SIGNAL);

/**
 * Holds a key: no second workflow with this one's ID can run. A child of the task's workflow, which releases the key once
 * its program has ended. If the task ends without that, Temporal cancels this workflow, because the task's parent close
 * policy says so. A worker may still be ending the program then, so the key is held for a while longer.
 * @param outlives how long a program can survive its task, in milliseconds
 */
export async function mcpCommandKey(outlives: number): Promise<void> {
  let released = false;
  setHandler(releaseSignal, () => {
    released = true;
  });
  try {
    await condition(() => released);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(async () => {
      await condition(() => released, outlives);
    });
  }
}
