/**
 * Gives answers to an existing workflow, by an update or signal of its own. Each question is answered once: whatever is sent
 * again, by a client or by another server process, has an ID made of the question's key, and the first answer is taken.
 * @module
 */
import { createHash } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ValueError } from '@temporalio/common';
import { McpTasksError } from '../../task/errors.js';
import { formProblem, type ElicitAnswer } from '../../task/form.js';
import { argumentsOf, type WorkflowMapping } from '../../task/workflow-mapping.js';
import type { Calls } from '../rpc/calls.js';
import { questionName } from '../read/mapped-report.js';
import { inputOf } from '../read/open-questions.js';
import { unlessEnded, update } from './respond.js';
import { encodeToPayloadsWithContext } from '../seam.js';

export interface Answering {
  readonly id: string;
  readonly mapping: WorkflowMapping;
  /** By the keys of questions, open or not. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** Whether the question is open. */
  readonly isAsked: (key: string) => Promise<boolean>;
  /** For all of it, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * A declined question, where the workflow has nothing to hear of that by, cancels it: it would wait for ever.
 * @throws McpTasksError `INVALID_ARGUMENTS` if an answer does not fit, or the workflow refuses it; `NO_WORKER`,
 * `TEMPORAL_UNAVAILABLE`, `TEMPORAL_REFUSED`, `CONFIGURATION` if a codec server refuses; as `isAsked`
 */
export async function answerExisting(calls: Calls, { id, mapping, answers, isAsked, until }: Answering): Promise<void> {
  // All of them before the first is given, which may close the others.
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
      throw new McpTasksError('INVALID_ARGUMENTS', `the answer to "${questionName(key)}" does not fit: ${problem}`);
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

interface Message {
  readonly kind: 'update' | 'signal';
  readonly name: string;
  readonly args: readonly unknown[];
  /** With the same, it is sent once. */
  readonly once: string;
}

async function send(calls: Calls, id: string, { kind, name, args, once }: Message, until: number): Promise<void> {
  if (kind === 'signal')
    return await unlessEnded(calls.run(until, async () => await signal(calls, id, { name, args, once })));
  try {
    // One that its validator refuses leaves no trace: its ID is free for another answer.
    await update(calls, id, { name, args, updateId: once }, until);
  } catch (error) {
    // The latter: what it was refused with is in an encoding that is not known here.
    if (!(error instanceof WorkflowUpdateFailedError) && !(error instanceof ValueError)) throw error;
    const why = error instanceof ValueError ? 'its reason cannot be read' : (error.cause?.message ?? error.message);
    throw new McpTasksError('INVALID_ARGUMENTS', `the workflow did not take the answer: ${why}`, { cause: error });
  }
}

/** The client's own signals have a new request ID each; Temporal delivers those with the same one once. */
async function signal(
  { client }: Calls,
  workflowId: string,
  { name, args, once }: Omit<Message, 'kind'>,
): Promise<void> {
  const { namespace, identity, loadedDataConverter } = client.options;
  const payloads = await encodeToPayloadsWithContext(loadedDataConverter, { type: 'workflow', namespace, workflowId }, [
    ...args,
  ]);
  await client.workflowService.signalWorkflowExecution({
    namespace,
    identity,
    workflowExecution: { workflowId },
    requestId: once,
    signalName: name,
    input: { payloads: payloads ?? [] },
  });
}

function hash(of: unknown): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex');
}
