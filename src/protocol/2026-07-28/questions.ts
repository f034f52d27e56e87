/**
 * Answers a waiting call with its task's questions, through multi round-trip requests: the client repeats the call with
 * the answers, and the repeated call waits for the same task.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr
 * @module
 */
import { kindOf } from '../../task/input.js';
import type { SentCall } from '../call.js';
import { answerable } from '../stream.js';
import type { CallQuestions } from '../version.js';
import { hasState, invalidState, openState, sealState } from './call-state.js';

/**
 * How long the caller has to answer, in milliseconds. The client may never repeat its call, so a question must not wait
 * forever.
 */
export const ANSWER_WITHIN = 24 * 60 * 60_000;

/** The maximum number of questions in one result. Further ones follow once some of these are answered. */
const MOST_QUESTIONS = 20;

/** The sealed state of a call that was answered with its task's questions. */
interface State {
  readonly task: string;
  /** The keys of the questions that the client was sent. */
  readonly keys: readonly string[];
  /** How many answers in a row were refused. */
  readonly refusals: number;
}

export const questions: CallQuestions = {
  open({ inputs }, { capabilities }) {
    const kinds = answerable(capabilities);
    return Object.fromEntries(
      Object.entries(inputs).filter(([, request]) => {
        const kind = kindOf(request);
        return kind !== undefined && kinds.includes(kind);
      }),
    );
  },

  async ask(call, { taskId, questions: open, refusals }) {
    const asked = Object.entries(open).slice(0, MOST_QUESTIONS);
    const state: State = { task: taskId, keys: asked.map(([key]) => key), refusals };
    return {
      resultType: 'input_required',
      inputRequests: Object.fromEntries(asked),
      requestState: await sealState(call, 'task', JSON.stringify(state), ANSWER_WITHIN / 1000),
    };
  },

  async repeated(call) {
    const opened = await openState(call, 'task');
    if (opened === undefined) {
      await refuseUnlessAskedFirst(call);
      return undefined;
    }
    const { task, keys, refusals } = JSON.parse(opened) as State;
    const given = Object.entries(call.ctx.inputResponses ?? {}).filter(([key]) => keys.includes(key));
    return { taskId: task, answers: Object.fromEntries(given), refusals };
  },
};

/** @throws -32602 if the call carries a state that is not valid for it */
async function refuseUnlessAskedFirst(call: SentCall): Promise<void> {
  if (hasState(call) && (await openState(call, 'server')) === undefined) throw invalidState();
}
