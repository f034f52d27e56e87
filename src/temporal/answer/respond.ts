/**
 * Answers a task's open input requests by workflow update, and lets only one server process at a time send them to the
 * client.
 * @module
 */
import { createHash } from 'node:crypto';
import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { rawValueTypeInfo } from '@temporalio/common';
import { isMcpTasksError, McpTasksError } from '../../task/errors.js';
import {
  CLAIM_REFUSED,
  CLAIM_UPDATE,
  NOT_ASKED,
  RELEASE_SIGNAL,
  REPLY_SIGNAL,
  RESPOND_UPDATE,
} from '../../task/names.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { isInFlightLimit, isOvertaken, isUpdateLimit } from '../rpc/update-limits.js';
import { checkSize } from '../rpc/sizes.js';
import { signalOnce } from './signal.js';

/** Replies, by the keys of the requests that they answer. */
export interface Replies {
  readonly answers: Readonly<Record<string, unknown>>;
  /** Reasons why a client could not answer. */
  readonly unavailable?: Readonly<Record<string, string>>;
  /**
   * The workflow run that asks. Part of the message's ID: after a reset, Temporal delivers the earlier run's answers
   * again, before their questions, and then accepts no other answer with the same ID.
   */
  readonly runId: string;
}

/**
 * Sends the replies. Returns once the workflow has taken them, or if none of these questions is open.
 * @param until when to give up, in milliseconds since 1970
 * @throws McpTasksError `INVALID_ARGUMENTS` if they are too large; `NO_WORKER` if no worker took them in time: they may
 * still arrive, and sending them again is safe; `UPDATE_LIMIT` if the workflow accepts no more updates: {@link keep}
 * them instead
 */
export async function respond(
  calls: Calls,
  id: string,
  { answers, unavailable = {}, runId }: Replies,
  until: number = within(DEADLINE.respond),
): Promise<void> {
  try {
    const updateId = updateIdOf({ answers, unavailable, runId });
    await update(calls, id, { name: RESPOND_UPDATE, args: [answers, unavailable], updateId }, until);
  } catch (error) {
    // None of the questions is still open, or the workflow does not ask any.
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  }
}

/**
 * Returns the ID of the update. A retry makes the same update, so it gets the first one's outcome and changes nothing.
 * All replies to one question are the same update, whatever they say: the first one counts.
 */
function updateIdOf({ answers, unavailable, runId }: Required<Replies>): string {
  const sorted = [answers, unavailable].map((replies) => Object.entries(replies).sort(([a], [b]) => (a < b ? -1 : 1)));
  const [key, ...more] = Object.keys({ ...answers, ...unavailable });
  return hash([runId, key !== undefined && more.length === 0 ? key : sorted]);
}

/**
 * Sends an update and ignores its result. Temporal executes updates with the same ID once, however often they are sent.
 * @throws WorkflowUpdateFailedError if the workflow rejects it; McpTasksError as {@link respond}
 */
export async function update(
  calls: Calls,
  id: string,
  { name, args, updateId }: { name: string; args: readonly unknown[]; updateId: string },
  until: number = within(DEADLINE.respond),
): Promise<void> {
  const deadline = await checkSize(calls, { id, values: args, what: 'The answer is', kind: 'answer' }, until);
  try {
    // The result may have any encoding, so do not decode it.
    const options = { args: [...args] as [unknown], updateId, typeInfo: { outputType: rawValueTypeInfo } };
    await unlessEnded(
      calls.run(
        deadline,
        async () => await calls.client.workflow.getHandle(id).executeUpdate(name, options),
        isOvertaken,
      ),
    );
  } catch (error) {
    if (isUpdateLimit(error))
      throw new McpTasksError(
        'UPDATE_LIMIT',
        "The answer was not delivered, because the task's workflow has reached Temporal's limit on updates. Sending it again won't help: cancel the task, or ask an operator to make the workflow continue as new.",
        { cause: error },
      );
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) && !isInFlightLimit(error)) throw error;
    throw new McpTasksError(
      'NO_WORKER',
      'No worker took the answer in time. Send the same answer again; only the first one counts.',
      { cause: error },
    );
  }
}

/** Ignores that the workflow has ended in the meantime: it no longer has any questions. */
export async function unlessEnded(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!isMcpTasksError(error, 'TASK_NOT_FOUND')) throw error;
  }
}

/**
 * Sends replies like {@link respond}, for callers that would not send them again: if no worker takes them, or the
 * workflow accepts no more updates, Temporal keeps them.
 */
export async function reply(calls: Calls, id: string, replies: Replies, until: number): Promise<void> {
  try {
    await respond(calls, id, replies, Math.min(until, within(DEADLINE.respond)));
  } catch (error) {
    if (!isMcpTasksError(error, 'NO_WORKER') && !isMcpTasksError(error, 'UPDATE_LIMIT')) throw error;
    await keep(calls, id, replies, until);
  }
}

/**
 * Lets Temporal keep the replies until a worker takes them. A workflow accepts a limited number of signals (10,000 by
 * default), so only the first reply to a question is sent. It is the one that counts.
 * @param replies replies to questions that the workflow has asked
 */
export async function keep(
  calls: Calls,
  id: string,
  { answers, unavailable = {}, runId }: Replies,
  until: number = within(DEADLINE.respond),
): Promise<void> {
  const replies = [
    ...Object.entries(answers).map(([key, answer]) => [key, [{ [key]: answer }, {}]] as const),
    ...Object.entries(unavailable).map(([key, reason]) => [key, [{}, { [key]: reason }]] as const),
  ];
  for (const [key, args] of replies) {
    const signal = { name: REPLY_SIGNAL, args, once: hash([runId, key]) };
    await unlessEnded(calls.run(until, async () => await signalOnce(calls, id, signal)));
  }
}

/** A request to claim what `key` names: an input request, or sending progress. */
export interface ClaimRequest {
  readonly key: string;
  readonly claimant: string;
  /** How long the claim holds, in milliseconds. */
  readonly ms: number;
  /** The session whose client will be asked. @default none */
  readonly session?: string;
}

/**
 * The workflow's answer to a claim. `not-asked`: the client of this session is no longer asked this question, because
 * its answers were refused too often. `unavailable`: the workflow accepts no more updates, so it can't grant claims.
 */
export type ClaimAnswer = 'granted' | 'refused' | 'not-asked' | 'unavailable';

/**
 * Makes a claim. A workflow that does not support claims grants every one.
 * @throws McpTasksError `NO_WORKER` if no worker can grant it
 */
export async function claim(
  calls: Calls,
  id: string,
  { key, claimant, ms, session }: ClaimRequest,
): Promise<ClaimAnswer> {
  try {
    const granted = await calls.run(
      within(DEADLINE.respond),
      async () =>
        await calls.client.workflow
          .getHandle(id)
          .executeUpdate<boolean, [string, string, number, string?]>(CLAIM_UPDATE, {
            args: session === undefined ? [key, claimant, ms] : [key, claimant, ms, session],
          }),
      isOvertaken,
    );
    return granted ? 'granted' : 'refused';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return answerOf(error.cause);
    if (isUpdateLimit(error)) return 'unavailable';
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) && !isInFlightLimit(error)) throw error;
    throw new McpTasksError('NO_WORKER', 'No worker is running to grant the claim.', { cause: error });
  }
}

function answerOf(refusal: Error | undefined): ClaimAnswer {
  if (!(refusal instanceof ApplicationFailure) || refusal.type !== CLAIM_REFUSED) return 'granted';
  return refusal.details?.[0] === NOT_ASKED ? 'not-asked' : 'refused';
}

/** Releases a claim, so that others can take it. */
export async function release(
  calls: Calls,
  id: string,
  { key, claimant }: Pick<ClaimRequest, 'key' | 'claimant'>,
): Promise<void> {
  await unlessEnded(
    calls.run(
      within(DEADLINE.respond),
      async () => await calls.client.workflow.getHandle(id).signal(RELEASE_SIGNAL, key, claimant),
    ),
  );
}

/** Returns an ID for a message: messages about the same thing have the same one. */
export function hash(of: unknown): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex');
}
