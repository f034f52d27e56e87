/**
 * Questions to the person behind the client: opened in the workflow, answered by workflow update.
 * While one is open the task is `input_required`, and no worker is held.
 * @module
 */
import { ApplicationFailure, condition, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import { RESPOND_UPDATE } from '../task/names.js';
import { changed, taskState, type TaskState } from './state.js';

/** Answers by key, as the client gave them. */
export type Answers = Readonly<Record<string, unknown>>;

/** Which of the given keys were open and are answered now; the others are ignored, as the protocol asks. */
export const respondUpdate = defineUpdate<{ accepted: string[] }, [Answers]>(RESPOND_UPDATE);

/** A form elicitation's answer, MCP's `ElicitResult`. */
export interface ElicitAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: Readonly<Record<string, unknown>>;
}

export interface ElicitRequest {
  /** The question. */
  readonly message: string;
  /** JSON Schema of the answer: an object with primitive properties (MCP's restriction). */
  readonly requestedSchema: Readonly<Record<string, unknown>>;
}

let current: { readonly runId: string; readonly answers: Map<string, unknown>; opened: number } | undefined;

/** Asks and waits for the answer, for as long as the task lives. Several questions can be open at once. */
export async function elicit(request: ElicitRequest): Promise<ElicitAnswer> {
  const state = taskState();
  const book = answerBook(state);
  const key = `input-${++book.opened}`;
  state.inputs.set(key, { method: 'elicitation/create', params: { mode: 'form', ...request } });
  changed(state);
  try {
    await condition(() => book.answers.has(key));
  } finally {
    state.inputs.delete(key);
    changed(state);
  }
  return elicitAnswer(book.answers.get(key));
}

function answerBook(state: TaskState): { readonly answers: Map<string, unknown>; opened: number } {
  const { runId } = workflowInfo();
  if (current?.runId === runId) return current;
  const book = { runId, answers: new Map<string, unknown>(), opened: 0 };
  current = book;
  setHandler(respondUpdate, (answers: Answers) => {
    // No validator: updates of one activation would all pass it before any of them is applied. The first answer wins here.
    const accepted = Object.keys(answers).filter((key) => state.inputs.has(key) && !book.answers.has(key));
    for (const key of accepted) {
      book.answers.set(key, answers[key]);
      state.inputs.delete(key);
    }
    if (accepted.length > 0) changed(state);
    return { accepted };
  });
  return book;
}

function elicitAnswer(value: unknown): ElicitAnswer {
  const action = typeof value === 'object' && value !== null ? (value as ElicitAnswer).action : undefined;
  if (action === 'accept' || action === 'decline' || action === 'cancel') return value as ElicitAnswer;
  throw ApplicationFailure.nonRetryable('the client answered an elicitation with something that is not an elicitation result', 'InvalidAnswer');
}
