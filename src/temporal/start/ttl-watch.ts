/**
 * Has Temporal cancel a task when its ttl passes, through a separate workflow for each such task. That works for
 * workflows in any language and across continue-as-new, needs no server, and cleans up the task's work as in any
 * cancellation. A run or execution timeout would stop the work without clean-up.
 * @module
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { TTL_WORKFLOW, ttlWorkflowId } from '../../task/names.js';
import type { Calls } from '../rpc/calls.js';

export interface TtlWatch {
  readonly taskId: string;
  /** When to cancel the task, in milliseconds since 1970. */
  readonly at: number;
  /** A task queue whose workers have the shipped workflows. */
  readonly taskQueue: string;
}

/**
 * Starts the workflow that cancels the task. Call it before the task starts, so that no task runs without it. If the
 * task does not start, the workflow finds nothing to cancel.
 */
export async function watchTtl(calls: Calls, { taskId, at, taskQueue }: TtlWatch, until: number): Promise<void> {
  try {
    await calls.run(
      until,
      async () =>
        await calls.client.workflow.start(TTL_WORKFLOW, {
          workflowId: ttlWorkflowId(taskId),
          taskQueue,
          args: [{ taskId, at }],
          // Until then it occupies no worker.
          startDelay: Math.max(0, at - Date.now()),
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          staticSummary: 'Cancels a task when its ttl passes',
        }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
