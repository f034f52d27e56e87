/** Asks Temporal whether it still expects an attempt. @module */
import type { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

/** How long Temporal may take to answer, in milliseconds. */
const DEADLINE = 5_000;

/**
 * Returns whether the current activity's attempt is the one that Temporal expects. Also true while its cancellation is
 * being handled.
 * @throws an error if Temporal does not answer
 */
export async function isExpected(activity: Context): Promise<boolean> {
  const { info } = activity;
  if (!info.workflowExecution) return true;
  const { workflowId, runId } = info.workflowExecution;
  const client: Client = activity.client;
  try {
    const { status, raw } = await client.withDeadline(
      Date.now() + DEADLINE,
      async () => await client.workflow.getHandle(workflowId, runId).describe(),
    );
    const pending = raw.pendingActivities?.find(({ activityId }) => activityId === info.activityId);
    return status.name === 'RUNNING' && pending?.attempt === info.attempt;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
