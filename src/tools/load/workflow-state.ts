/** Asks Temporal about the workflow that a step belongs to. @module */
import { Context } from '@temporalio/activity';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { ToolError } from '../../tool/errors.js';

/** How long Temporal may take to answer, in milliseconds. Without an answer, the step is retried. */
const DEADLINE = 10_000;

/**
 * Checks that Temporal still expects this attempt. An attempt can outlive its load, because its process was paused or
 * an operator has terminated the load. Nothing would remove what it creates after that.
 *
 * Does nothing in activities of other workflows than `loadDataset`.
 *
 * @throws ToolError if Temporal has given up on the attempt
 */
export async function checkExpected(): Promise<void> {
  const { info } = Context.current();
  if (info.workflowType !== 'loadDataset' || !info.workflowExecution) return;
  const { status, raw } = await describe(info.workflowExecution);
  const pending = raw.pendingActivities?.find(({ activityId }) => activityId === info.activityId);
  if (status.name === 'RUNNING' && pending?.attempt === info.attempt) return;
  throw new ToolError('the load has ended, or another attempt has taken over');
}

/**
 * Returns whether the load that this step cleans up after has completed. A load that was terminated after the swap has
 * not completed. If an operator has reset the load, its newest run counts.
 *
 * Returns true in activities of other workflows than `loadDatasetCleanup`, and if Temporal has deleted the load's
 * workflow already.
 *
 * @throws ApplicationFailure retryable, if the load is running, because it was reset or someone cancelled the cleanup
 */
export async function hasCompleted(): Promise<boolean> {
  const { info } = Context.current();
  if (info.workflowType !== 'loadDatasetCleanup' || !info.workflowExecution) return true;
  const { parentExecution } = await describe(info.workflowExecution);
  if (!parentExecution?.workflowId) return true;
  try {
    const { status } = await describe({ workflowId: parentExecution.workflowId });
    if (status.name === 'RUNNING') throw ApplicationFailure.retryable('the load is still running', 'LoadRunning');
    return status.name === 'COMPLETED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

async function describe(run: { workflowId: string; runId?: string }): Promise<WorkflowExecutionDescription> {
  const client: Client = Context.current().client;
  return await client.withDeadline(
    Date.now() + DEADLINE,
    async () => await client.workflow.getHandle(run.workflowId, run.runId).describe(),
  );
}
