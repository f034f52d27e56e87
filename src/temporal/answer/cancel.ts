/** Cancels a task's workflow. @module */
import { randomUUID } from 'node:crypto';
import { CANCEL_REASON } from '../../task/names.js';
import type { Calls } from '../rpc/calls.js';

/**
 * Requests the cancellation of the workflow's newest run. All attempts share a request ID. So if a response is lost,
 * Temporal recognizes the next attempt instead of refusing it because cancellation is already requested.
 * @throws McpTasksError `TASK_NOT_FOUND` also if it has closed or someone else has cancelled it; `TEMPORAL_UNAVAILABLE`,
 * `TEMPORAL_REFUSED`
 */
export async function requestCancel(calls: Calls, workflowId: string, until: number): Promise<void> {
  const { client } = calls;
  const request = {
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    identity: client.options.identity,
    requestId: randomUUID(),
    reason: CANCEL_REASON,
  };
  await calls.run(until, async () => await client.workflowService.requestCancelWorkflowExecution(request));
}
