/**
 * Forms (MCP's elicitation in form mode) and the validation of their answers. Pure, and safe in the workflow sandbox.
 * @module
 */
import { Validator } from '@cfworker/json-schema';
import { cut, LONGEST_STATUS } from '../limits/limits.js';

/** MCP's `ElicitResult`. */
export interface ElicitAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  /**
   * What the person filled in. Set with `accept`, and matches the requested schema; may contain properties that were
   * not requested.
   */
  readonly content?: Readonly<Record<string, unknown>>;
}

/** A form for a person to fill in. */
export interface FormRequest {
  /** The question. */
  readonly message: string;
  /** JSON Schema of the answer: an object whose properties are primitive (MCP's restriction). */
  readonly requestedSchema: Readonly<Record<string, unknown>>;
}

/** The schema of a form that can only be accepted or declined. */
export const asksNothing: FormRequest['requestedSchema'] = { type: 'object', properties: {} };

/** Builds the MCP request that shows a form to a person. */
export function formRequest({ message, requestedSchema }: FormRequest) {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } } as const;
}

/** Repeats a question and says what was wrong with the last answer. */
export function askAgain(message: string | undefined, problem: string): string {
  return `${message ? `${message}\n\n` : ''}Your last answer was not accepted: ${cut(problem, LONGEST_STATUS)}`;
}

/** The error text of a call whose question before the start was not accepted. */
export function notStarted(action: 'decline' | 'cancel'): string {
  const answered = action === 'decline' ? 'declined' : 'dismissed the question';
  return `The user ${answered}, so nothing was started. Call the tool again only if the user asks for it.`;
}

/** The maximum length of the problem with an answer, in characters. It may quote names from the answer. */
const LONGEST_PROBLEM = 300;

/** Says what is wrong with an answer to a form; `undefined` if nothing is. */
export function formProblem(answer: unknown, schema: FormRequest['requestedSchema']): string | undefined {
  const problem = actionProblem(answer);
  if (problem !== undefined || (answer as ElicitAnswer).action !== 'accept') return problem;
  // This validator does not generate code, which the sandbox does not allow.
  const { valid, errors } = new Validator(schema, '2020-12', false).validate((answer as ElicitAnswer).content ?? {});
  // The first errors are about the whole value; only the last one says what is wrong and where.
  const last = valid ? undefined : errors.at(-1);
  if (!last) return undefined;
  const place = last.instanceLocation.replace(/^#\/?/, '') || 'the answer';
  return cut(`${place}: ${last.error}`, LONGEST_PROBLEM);
}

export function actionProblem(answer: unknown): string | undefined {
  const action = typeof answer === 'object' && answer !== null ? (answer as { action?: unknown }).action : undefined;
  return action === 'accept' || action === 'decline' || action === 'cancel'
    ? undefined
    : 'the action must be "accept", "decline" or "cancel"';
}
