/** The rules for questions whose answers are refused, the same in workflows and servers. Pure. @module */
import type { InputRequest } from './report.js';

/** After how many refused answers to a question its client is not asked again. */
export const MOST_REFUSALS = 5;
/** How long to wait before asking again, in milliseconds. Doubles each time, because the client may be a program. */
const PAUSE = { first: 1_000, longest: 15 * 60_000 };

/** Returns how long to wait before asking again after `times` refused answers, in milliseconds. */
export function pauseAfter(times: number): number {
  return Math.min(PAUSE.first * 2 ** (times - 1), PAUSE.longest);
}

/** Returns the request with the reason why the last answer was refused. */
export function withProblem({ method, params }: InputRequest, problem: string): InputRequest {
  return { method, params: { ...params, message: `${String(params['message'])}\n\n${problem}` } };
}
