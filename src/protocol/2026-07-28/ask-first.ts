/**
 * Asks a tool's question before any task exists, through multi round-trip requests (protocol 2026-07-28): the server
 * answers the call with the question, and the client repeats the call with the answer.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  askAgain,
  formProblem,
  formRequest,
  notStarted,
  type ElicitAnswer,
  type FormRequest,
} from '../../task/form.js';
import { canonicalJson, IDEMPOTENCY_KEY } from '../../task/idempotency-key.js';
import { errorResult } from '../../task/result.js';
import type { ToolCall } from '../call.js';
import { requireCapabilities } from './capabilities.js';
import { invalidParams } from '../errors.js';
import type { Asked } from '../version.js';

/** The key of a call's only input request. */
const QUESTION = 'before-start';

/**
 * @throws -32021 if the client has not declared form elicitation; -32602 if the state has expired or is not this call's
 */
export async function askFirst({ tool, params, ctx }: ToolCall, form: FormRequest): Promise<Asked> {
  requireCapabilities(ctx, ['elicitation.form']);
  const { requestState, inputResponses = {}, owner, meta } = ctx;
  if (!requestState) throw new Error('a request of this version can carry state');
  const { given, codec } = requestState;
  const digest = createHash('sha256')
    .update(canonicalJson(params.arguments ?? {}))
    .digest('base64url');
  const boundTo = JSON.stringify([owner.id, tool.name, digest, meta[IDEMPOTENCY_KEY] ?? null]);
  const ask = async (problem?: string): Promise<Asked> => {
    const message = problem === undefined ? form.message : askAgain(form.message, problem);
    const state = await codec.mint(randomBytes(16).toString('base64url'), boundTo);
    return {
      reply: {
        resultType: 'input_required',
        inputRequests: { [QUESTION]: formRequest({ ...form, message }) },
        requestState: state,
      },
    };
  };
  if (given === undefined) return await ask();
  const nonce = await codec.open(given, boundTo);
  if (nonce === undefined) throw invalidParams('Invalid or expired requestState. Repeat the call without it.');
  const answer = inputResponses[QUESTION];
  if (answer === undefined) return await ask();
  const problem = formProblem(answer, form.requestedSchema);
  if (problem !== undefined) return await ask(problem);
  const { action, content = {} } = answer as ElicitAnswer;
  return action === 'accept' ? { answer: content, nonce } : { reply: { ...errorResult(notStarted(action)) } };
}
