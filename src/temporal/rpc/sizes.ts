/** Refuses values that are too large or too deeply nested for Temporal, before they are sent. @module */
import { encodedSize, type EncodedSize } from '../../limits/encoded-size.js';
import { LARGEST_PAYLOAD, tooLarge } from '../../limits/limits.js';
import { nestingProblem } from '../../limits/nesting.js';
import { McpTasksError } from '../../task/errors.js';
import type { TaskMemo } from '../../task/memo.js';
import { DEADLINE, within, type Calls } from './calls.js';
import { GRPC, grpcCode, grpcError } from './refusal.js';

export interface Outgoing {
  /** The workflow that gets the values. */
  readonly id: string;
  readonly values: readonly unknown[];
  /** Describes the values, as the beginning of a sentence: 'The arguments are'. */
  readonly what: string;
  readonly kind: 'arguments' | 'answer';
}

/**
 * Checks values that go to a workflow in one message.
 * @param until the deadline for the codecs and the message, in milliseconds since 1970
 * @returns the deadline for the message: a later one if external storage takes part of it first
 * @throws McpTasksError `INVALID_ARGUMENTS` if they are too large or nested too deeply; as the codecs
 */
export async function checkSize(calls: Calls, { id, values, what, kind }: Outgoing, until: number): Promise<number> {
  const problem = nestingProblem(values);
  if (problem !== undefined) throw new McpTasksError('INVALID_ARGUMENTS', `${what} ${problem}`);
  const { size, limit, stored } = await sizeOf(calls, id, values, until);
  if (size > limit) throw new McpTasksError('INVALID_ARGUMENTS', tooLarge(what, size, kind, limit));
  return stored ? Math.max(until, within(DEADLINE.stored)) : until;
}

/** @throws McpTasksError `CONFIGURATION` if the memo is too large */
export async function checkMemo(calls: Calls, id: string, memo: TaskMemo, until: number): Promise<void> {
  const { size } = await sizeOf(calls, id, [memo], until);
  if (size > LARGEST_PAYLOAD)
    throw new McpTasksError(
      'CONFIGURATION',
      `tool "${memo.tool}": the schemas of its output and inputs make a task's memo ${size} bytes; the limit is ${LARGEST_PAYLOAD}. Shorten the schemas.`,
    );
}

/** Returns whether Temporal refused a request because of its size: the namespace's own limits may be lower. */
export function isTooLarge(error: unknown): boolean {
  return grpcCode(error) === GRPC.INVALID_ARGUMENT && /size|too large|exceeds/i.test(grpcError(error)?.details ?? '');
}

async function sizeOf(
  calls: Calls,
  workflowId: string,
  values: readonly unknown[],
  until: number,
): Promise<EncodedSize> {
  const { namespace, loadedDataConverter } = calls.client.options;
  return await calls.run(
    until,
    async () => await encodedSize(loadedDataConverter, values, { type: 'workflow', namespace, workflowId }),
  );
}
