/** Gives answers to an existing workflow, by an update or signal of its own. @module */
import { createHash } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { formProblem, type ElicitAnswer } from '../task/form.js';
import { argumentsOf, type InputMapping, type WorkflowMapping } from '../task/workflow-mapping.js';
import { McpTasksError } from '../task/errors.js';
import { DEADLINE, within, type Calls } from './calls.js';
import { questionName } from './mapped-report.js';
import { update } from './respond.js';

/**
 * A declined question, where the workflow has nothing to hear of that by, cancels it: it would wait for ever.
 * @param answers by the keys of open questions
 * @throws McpTasksError `INVALID_ARGUMENTS` if an answer does not fit, or the workflow refuses it; `NO_WORKER`, `TEMPORAL_UNAVAILABLE`
 */
export async function answerExisting(calls: Calls, id: string, { inputs = {} }: WorkflowMapping, answers: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [key, answer] of Object.entries(answers)) {
    const input = inputs[questionName(key)];
    if (!input) continue;
    const problem = formProblem(answer, input.schema);
    if (problem !== undefined) throw new McpTasksError('INVALID_ARGUMENTS', `the answer to "${key}" does not fit: ${problem}`);
    await answerOne(calls, id, key, input, answer as ElicitAnswer);
  }
}

async function answerOne(calls: Calls, id: string, key: string, input: InputMapping, { action, content = {} }: ElicitAnswer): Promise<void> {
  const accepted = action === 'accept';
  if (!accepted && !input.declined) {
    await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).cancel());
    return;
  }
  const { kind, name } = accepted ? input.answer : (input.declined as NonNullable<InputMapping['declined']>);
  const args = accepted ? argumentsOf(content, input.answer.args) : [];
  if (kind === 'signal') {
    await calls.run(within(DEADLINE.respond), async () => await calls.client.workflow.getHandle(id).signal(name, ...args));
    return;
  }
  const updateId = createHash('sha256').update(JSON.stringify([key, name, args])).digest('hex');
  try {
    await update(calls, id, { name, args, updateId });
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new McpTasksError('INVALID_ARGUMENTS', `the workflow did not take the answer: ${error.cause?.message ?? error.message}`, { cause: error });
  }
}
