/** Resets a workflow, as an operator does. @module */
import type { Client } from '@temporalio/client';

/** Resets to the first workflow task, like `temporal workflow reset`. */
export async function resetToStart({ workflowService }: Client, workflowId: string): Promise<void> {
  // The API's 64-bit fields accept plain numbers.
  const reset: object = {
    namespace: 'default',
    workflowExecution: { workflowId },
    reason: 'test',
    workflowTaskFinishEventId: 4,
    requestId: workflowId,
  };
  await workflowService.resetWorkflowExecution(reset);
}
