/** Gives answers to a task's open input requests, by workflow update. @module */
import { createHash } from 'node:crypto';
import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { isMcpTasksError, McpTasksError } from '../task/errors.js';
import { RESPOND_UPDATE } from '../task/names.js';
import { DEADLINE, within, type Calls } from './calls.js';

/**
 * Returns once the workflow has taken the answers.
 * @param answers by the keys of the requests they answer, the open ones only
 * @throws McpTasksError `NO_WORKER` if no worker took them within 2 s: they may still arrive, and sending them again is safe
 */
export async function respond(calls: Calls, id: string, answers: Readonly<Record<string, unknown>>): Promise<void> {
  // The same answers make the same update, so that a retry gets the first one's outcome and changes nothing.
  const updateId = createHash('sha256').update(JSON.stringify(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)))).digest('hex');
  try {
    await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).executeUpdate(RESPOND_UPDATE, { args: [answers], updateId }));
  } catch (error) {
    // It has ended since: there is no question any more.
    if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return;
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new McpTasksError('NO_WORKER', 'no worker took the answer in time; send it again', { cause: error });
  }
}
