/** A client's reply to a task's question (protocol 2025-11-25), which may arrive at any server process. @module */
import { z } from 'zod';
import { cut, LONGEST_STATUS } from '../../limits/limits.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { Keyring } from '../../task/keyring.js';
import { openRequestId, type Question } from '../../task/request-id.js';
import type { Owner } from '../../protocol/request.js';
import type { TaskService } from '../service.js';

export interface Reply extends Question {
  readonly given: { readonly answer: unknown } | { readonly unavailable: string };
}

const Response = z.looseObject({
  id: z.string(),
  method: z.undefined().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.number().optional(), message: z.string().optional() }).optional(),
});

/** Recognizes a reply to a task's question by its sealed request ID. Returns `undefined` for any other message. */
export function openReply(keys: Keyring, message: unknown): Reply | undefined {
  const parsed = Response.safeParse(message);
  if (!parsed.success) return undefined;
  const { id, result, error } = parsed.data;
  const question = openRequestId(keys, id);
  return (
    question && {
      ...question,
      given: error
        ? { unavailable: `the client did not answer: ${cut(error.message ?? `error ${error.code}`, LONGEST_STATUS)}` }
        : { answer: result },
    }
  );
}

/**
 * Delivers a reply to its task. Ignores replies to questions that are no longer open and to tasks of another owner.
 * @throws McpTasksError `INVALID_ARGUMENTS` and `NO_WORKER` if the task is an existing workflow;
 * `TEMPORAL_UNAVAILABLE`; `TEMPORAL_REFUSED`; for the task's payloads `CODEC_FAILED`, `PAYLOAD_UNREADABLE`, and
 * `CONFIGURATION` if a codec server refuses
 */
export async function takeReply(
  { engine, followers }: TaskService,
  owner: Owner,
  { taskId, key, given }: Reply,
): Promise<void> {
  try {
    await engine.reply(owner.id, taskId, key, given);
  } catch (error) {
    if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) await followers.askAgain(owner, taskId, key, error.message);
    if (!isMcpTasksError(error, 'TASK_NOT_FOUND')) throw error;
  }
}
