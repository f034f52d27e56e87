/**
 * Answers the questions of an existing workflow with its own updates or signals. Each question is answered once: the ID
 * of the message is derived from the question's key, so if a client or another server process sends another answer, the
 * first one counts.
 * @module
 */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ValueError } from '@temporalio/common';
import { cut, LONGEST_STATUS } from '../../limits/limits.js';
import { McpTasksError } from '../../task/errors.js';
import { formProblem, type ElicitAnswer } from '../../task/form.js';
import { argumentsOf, type WorkflowMapping } from '../../task/workflow-mapping.js';
import type { Calls } from '../rpc/calls.js';
import { checkSize } from '../rpc/sizes.js';
import { questionName } from '../read/mapped-report.js';
import { inputOf } from '../read/open-questions.js';
import { hash, unlessEnded, update } from './respond.js';
import { signalOnce } from './signal.js';

export interface Answering {
  readonly id: string;
  readonly mapping: WorkflowMapping;
  /** By question key, whether the question is open or not. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** Whether the question is open. */
  readonly isAsked: (key: string) => Promise<boolean>;
  /** The deadline for everything, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * Sends the answers to open questions. If a question is declined and the mapping has no message for that, cancels the
 * workflow, because it would wait forever.
 * @throws McpTasksError `INVALID_ARGUMENTS` if an answer does not match the schema or the workflow rejects it;
 * `NO_WORKER`, `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`, `CONFIGURATION` if a codec server refuses; as `isAsked`
 */
export async function answerExisting(calls: Calls, { id, mapping, answers, isAsked, until }: Answering): Promise<void> {
  // Check all questions before sending the first answer, which may close the others.
  const asked = await Promise.all(
    Object.entries(answers).map(async ([key, answer]) => ({
      key,
      answer,
      input: inputOf(mapping, key),
      open: await isAsked(key),
    })),
  );
  for (const { key, answer, input, open } of asked) {
    if (!input || !open) continue;
    const problem = formProblem(answer, input.schema);
    if (problem !== undefined)
      throw new McpTasksError('INVALID_ARGUMENTS', `The answer to "${questionName(key)}" is not valid: ${problem}`);
    const { action, content = {} } = answer as ElicitAnswer;
    const accepted = action === 'accept';
    const how = accepted ? input.answer : input.declined;
    if (!how) await unlessEnded(calls.run(until, async () => await calls.client.workflow.getHandle(id).cancel()));
    else
      await send(
        calls,
        id,
        { ...how, args: accepted ? argumentsOf(content, input.answer.args) : [], once: hash(key) },
        until,
      );
  }
}

interface WorkflowMessage {
  readonly kind: 'update' | 'signal';
  readonly name: string;
  readonly args: readonly unknown[];
  /** Messages with the same value are delivered once. */
  readonly once: string;
}

async function send(
  calls: Calls,
  id: string,
  { kind, name, args, once }: WorkflowMessage,
  until: number,
): Promise<void> {
  if (kind === 'signal') {
    const deadline = await checkSize(calls, { id, values: args, what: 'The answer is', kind: 'answer' }, until);
    return await unlessEnded(calls.run(deadline, async () => await signalOnce(calls, id, { name, args, once })));
  }
  try {
    // An update that its validator rejects leaves no trace, so its ID can be used for another answer.
    await update(calls, id, { name, args, updateId: once }, until);
  } catch (error) {
    // A `ValueError` means that the reason for the rejection has an encoding that this process does not know.
    if (!(error instanceof WorkflowUpdateFailedError) && !(error instanceof ValueError)) throw error;
    const why =
      error instanceof ValueError ? 'this server cannot decode the reason' : (error.cause?.message ?? error.message);
    throw new McpTasksError('INVALID_ARGUMENTS', `The workflow rejected the answer: ${cut(why, LONGEST_STATUS)}`, {
      cause: error,
    });
  }
}
