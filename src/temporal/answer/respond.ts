/** Gives answers to a task's open input requests, by workflow update, and lets one server process at a time put them. @module */
import { createHash } from 'node:crypto';
import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { rawValueTypeInfo } from '@temporalio/common';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import { CLAIM_REFUSED, CLAIM_UPDATE, REPLY_SIGNAL, RESPOND_UPDATE } from '../../task/names.js';
import { DEADLINE, GRPC, within, type Calls } from '../rpc/calls.js';

/** What an update fails with when something else, such as a cancellation, reached the workflow in the same moment. */
const OVERTAKEN = GRPC.FAILED_PRECONDITION;

/** Replies by the keys of the requests they answer. */
export interface Replies {
  readonly answers: Readonly<Record<string, unknown>>;
  /** Why a client could not answer. */
  readonly unavailable?: Readonly<Record<string, string>>;
}

/**
 * Returns once the workflow has taken the replies, or has none of these questions open.
 * @param until when to give up, in milliseconds since 1970
 * @throws McpTasksError `NO_WORKER` if no worker took them in time: they may still arrive, and sending them again is safe
 */
export async function respond(
  calls: Calls,
  id: string,
  { answers, unavailable = {} }: Replies,
  until: number = within(DEADLINE.respond),
): Promise<void> {
  // The same replies make the same update, so that a retry gets the first one's outcome and changes nothing.
  const sorted = [answers, unavailable].map((replies) => Object.entries(replies).sort(([a], [b]) => (a < b ? -1 : 1)));
  const updateId = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  try {
    await update(calls, id, { name: RESPOND_UPDATE, args: [answers, unavailable], updateId }, until);
  } catch (error) {
    // None of the questions is open any more, or the workflow asks none at all.
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  }
}

/**
 * An update whose outcome is of no interest: with the same ID it is one, however often it is sent.
 * @throws WorkflowUpdateFailedError if the workflow does not take it; McpTasksError as {@link respond}
 */
export async function update(
  calls: Calls,
  id: string,
  { name, args, updateId }: { name: string; args: readonly unknown[]; updateId: string },
  until: number = within(DEADLINE.respond),
): Promise<void> {
  try {
    // What it answers may be in any encoding.
    const options = { args: [...args] as [unknown], updateId, typeInfo: { outputType: rawValueTypeInfo } };
    await unlessEnded(
      calls.run(until, async () => await calls.client.workflow.getHandle(id).executeUpdate(name, options), OVERTAKEN),
    );
  } catch (error) {
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new McpTasksError('NO_WORKER', 'no worker took the answer in time; send it again', { cause: error });
  }
}

/** A workflow that has ended since has no question any more. */
export async function unlessEnded(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!isMcpTasksError(error, 'TASK_NOT_FOUND')) throw error;
  }
}

/** As {@link respond}, for replies that nobody would send again: with no worker to take them, Temporal keeps them. */
export async function reply(calls: Calls, id: string, replies: Replies, until: number): Promise<void> {
  try {
    await respond(calls, id, replies, Math.min(until, within(DEADLINE.respond)));
  } catch (error) {
    if (!isMcpTasksError(error, 'NO_WORKER')) throw error;
    await calls.run(
      until,
      async () =>
        await calls.client.workflow.getHandle(id).signal(REPLY_SIGNAL, replies.answers, replies.unavailable ?? {}),
    );
  }
}

/**
 * Whether `claimant` has what `key` names for the next `lease` milliseconds; a lease of 0 gives it up. A workflow that knows
 * no claims grants every one.
 * @throws McpTasksError `NO_WORKER` if there is none to say
 */
export async function claim(calls: Calls, id: string, key: string, claimant: string, lease: number): Promise<boolean> {
  try {
    return await calls.run(
      within(DEADLINE.respond),
      async () =>
        await calls.client.workflow
          .getHandle(id)
          .executeUpdate<boolean, [string, string, number]>(CLAIM_UPDATE, { args: [key, claimant, lease] }),
      OVERTAKEN,
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      return !(error.cause instanceof ApplicationFailure && error.cause.type === CLAIM_REFUSED);
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new McpTasksError('NO_WORKER', 'no worker is there to ask the question for', { cause: error });
  }
}
