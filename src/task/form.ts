/**
 * Forms (MCP's elicitation in form mode) and the validation of their answers. Pure, and safe in the workflow sandbox.
 * @module
 */
import { compileSchema, MOST_PROBLEMS } from '../json-schema/json-schema.js';
import { anyPattern } from '../json-schema/pattern.js';
import { unusablePattern } from '../json-schema/form-patterns.js';
import { quoted } from '../json-schema/problem.js';
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

/** Lists the first ten problems of an answer to a form; `undefined` if nothing is wrong. */
export function formProblem(answer: unknown, schema: FormRequest['requestedSchema']): string | undefined {
  const problem = actionProblem(answer);
  if (problem !== undefined || (answer as ElicitAnswer).action !== 'accept') return problem;
  const problems = compileSchema(schema, anyPattern)((answer as ElicitAnswer).content ?? {}).slice(0, MOST_PROBLEMS);
  if (problems.length === 0) return undefined;
  const said = problems.map(({ path, message }) => `${path.map(quoted).join('.') || 'the answer'}: ${message}`);
  return cut(said.join('; '), LONGEST_PROBLEM);
}

/** Says why answers cannot be checked by a form's schema; `undefined` if they can. */
export function formSchemaProblem({ requestedSchema }: FormRequest): string | undefined {
  const problem = unusablePattern(requestedSchema);
  return problem === undefined ? undefined : `the requestedSchema of this question cannot be used: ${problem}`;
}

export function actionProblem(answer: unknown): string | undefined {
  const action = typeof answer === 'object' && answer !== null ? (answer as { action?: unknown }).action : undefined;
  return action === 'accept' || action === 'decline' || action === 'cancel'
    ? undefined
    : 'the action must be "accept", "decline" or "cancel"';
}
