/**
 * Questions to the client: opened in the workflow, answered by workflow update. While one is open the task is
 * `input_required`, and no worker is held.
 * @module
 */
import { condition, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Duration } from '../task/duration.js';
import { RESPOND_UPDATE } from '../task/names.js';
import type { InputRequest } from '../task/report.js';
import { InputUnavailable } from '../tool/errors.js';
import { changed, taskState, type TaskState } from './state.js';

/** Answers by key, as the client gave them. */
export type Answers = Readonly<Record<string, unknown>>;

/** Which of the given keys were open and are answered now; the others are ignored, as the protocol asks. */
export const respondUpdate = defineUpdate<{ accepted: string[] }, [Answers]>(RESPOND_UPDATE);

export interface InputOptions<Answer> {
  /** How long to wait for the answer. @default for as long as the task lives */
  readonly deadline?: Duration;
  /** What to take for the answer when the deadline has passed. @default none: {@link InputUnavailable} is thrown */
  readonly otherwise?: Answer;
}

interface Book {
  readonly runId: string;
  readonly answers: Map<string, unknown>;
  opened: number;
}

let current: Book | undefined;

/**
 * Puts `request` to the client until it is answered by something that `check` finds nothing wrong with; an answer that does
 * not fit is asked for again, saying why. A key is never used twice.
 * @throws InputUnavailable if the deadline passes
 */
export async function ask<Answer>(request: InputRequest, check: (answer: unknown) => string | undefined, options: InputOptions<Answer> = {}): Promise<Answer> {
  let problem: string | undefined;
  for (;;) {
    const asked = problem === undefined ? request : saying(request, problem);
    const answer = await askOnce(asked, options.deadline);
    if (!answer) {
      if (options.otherwise !== undefined) return options.otherwise;
      throw new InputUnavailable('nobody answered in time');
    }
    problem = check(answer.value);
    if (problem === undefined) return answer.value as Answer;
  }
}

async function askOnce(request: InputRequest, deadline: Duration | undefined): Promise<{ value: unknown } | undefined> {
  const state = taskState();
  const book = answerBook(state);
  const key = `input-${++book.opened}`;
  state.inputs.set(key, request);
  changed(state);
  try {
    const answered = (): boolean => book.answers.has(key);
    if (deadline === undefined) await condition(answered);
    else if (!(await condition(answered, deadline))) return undefined;
    return { value: book.answers.get(key) };
  } finally {
    state.inputs.delete(key);
    changed(state);
  }
}

/** The request again, with what was wrong with the last answer in front of the person. */
function saying({ method, params }: InputRequest, problem: string): InputRequest {
  const message = typeof params['message'] === 'string' ? `${params['message']}\n\n` : '';
  return { method, params: { ...params, message: `${message}The last answer does not fit: ${problem}` } };
}

function answerBook(state: TaskState): Book {
  const { runId } = workflowInfo();
  if (current?.runId === runId) return current;
  const book: Book = { runId, answers: new Map<string, unknown>(), opened: 0 };
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
