/**
 * Asks a tool's question before any task exists, through multi round-trip requests (protocol 2026-07-28): the server
 * answers the call with the question, and the client repeats the call with the answer.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  askAgain,
  formProblem,
  formRequest,
  notStarted,
  type ElicitAnswer,
  type FormRequest,
} from '../../task/form.js';
import { errorResult } from '../../task/result.js';
import { sentCall, type ToolCall } from '../call.js';
import type { Asked } from '../version.js';
import { hasState, invalidState, openState, sealState } from './call-state.js';
import { requireCapabilities } from './capabilities.js';

/** The key of a call's only input request. */
const QUESTION = 'before-start';

/** How long the question can be answered, in seconds. */
const TTL = 60 * 60;

/**
 * @throws -32021 if the client has not declared form elicitation; -32602 if the state has expired or is not this call's
 */
export async function askFirst(toolCall: ToolCall, form: FormRequest): Promise<Asked> {
  const { ctx } = toolCall;
  requireCapabilities(ctx, ['elicitation.form']);
  const call = sentCall(toolCall);
  const ask = async (problem?: string): Promise<Asked> => {
    const message = problem === undefined ? form.message : askAgain(form.message, problem);
    const state = await sealState(call, 'server', randomBytes(16).toString('base64url'), TTL);
    return {
      reply: {
        resultType: 'input_required',
        inputRequests: { [QUESTION]: formRequest({ ...form, message }) },
        requestState: state,
      },
    };
  };
  if (!hasState(call)) return await ask();
  const nonce = await openState(call, 'server');
  if (nonce === undefined) throw invalidState();
  const answer = ctx.inputResponses?.[QUESTION];
  if (answer === undefined) return await ask();
  const problem = formProblem(answer, form.requestedSchema);
  if (problem !== undefined) return await ask(problem);
  const { action, content = {} } = answer as ElicitAnswer;
  return action === 'accept' ? { answer: content, nonce } : { reply: { ...errorResult(notStarted(action)) } };
}
