/** Gives answers to a task's open input requests, by workflow update, and lets one server process at a time put them. @module */
import { createHash } from 'node:crypto';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { isMcpTasksError, McpTasksError } from '../task/errors.js';
import { CLAIM_UPDATE, REPLY_SIGNAL, RESPOND_UPDATE } from '../task/names.js';
import { DEADLINE, GRPC, within, type Calls } from './calls.js';

/** What an update fails with when something else, such as a cancellation, reached the workflow in the same moment. */
const OVERTAKEN = GRPC.FAILED_PRECONDITION;

/** Replies by the keys of the requests they answer, the open ones only. */
export interface Replies {
  readonly answers: Readonly<Record<string, unknown>>;
  /** Why a client could not answer. */
  readonly unavailable?: Readonly<Record<string, string>>;
}

/**
 * Returns once the workflow has taken the replies.
 * @throws McpTasksError `NO_WORKER` if no worker took them within 2 s: they may still arrive, and sending them again is safe
 */
export async function respond(calls: Calls, id: string, { answers, unavailable = {} }: Replies): Promise<void> {
  // The same replies make the same update, so that a retry gets the first one's outcome and changes nothing.
  const sorted = [answers, unavailable].map((replies) => Object.entries(replies).sort(([a], [b]) => (a < b ? -1 : 1)));
  const updateId = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  try {
    await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).executeUpdate(RESPOND_UPDATE, { args: [answers, unavailable], updateId }), OVERTAKEN);
  } catch (error) {
    // It has ended since: there is no question any more.
    if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return;
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new McpTasksError('NO_WORKER', 'no worker took the answer in time; send it again', { cause: error });
  }
}

/** As {@link respond}, for replies that nobody would send again: with no worker to take them, Temporal keeps them. */
export async function reply(calls: Calls, id: string, replies: Replies): Promise<void> {
  try {
    await respond(calls, id, replies);
  } catch (error) {
    if (!isMcpTasksError(error, 'NO_WORKER')) throw error;
    await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).signal(REPLY_SIGNAL, replies.answers, replies.unavailable ?? {}));
  }
}

/**
 * Whether `claimant` may put the question to the client for the next `lease` milliseconds; a lease of 0 gives it up.
 * @throws McpTasksError `NO_WORKER` if there is none to say
 */
export async function claim(calls: Calls, id: string, key: string, claimant: string, lease: number): Promise<boolean> {
  try {
    return await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).executeUpdate<boolean, [string, string, number]>(CLAIM_UPDATE, { args: [key, claimant, lease] }), OVERTAKEN);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return false;
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new McpTasksError('NO_WORKER', 'no worker is there to ask the question for', { cause: error });
  }
}
