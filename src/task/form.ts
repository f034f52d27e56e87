/** Forms (MCP's elicitation in form mode) and what fits them. Pure, and safe in the workflow sandbox. @module */
import { Validator } from '@cfworker/json-schema';

/** MCP's `ElicitResult`. */
export interface ElicitAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  /** What the person filled in; with `accept`, and fitting the requested schema. Properties that were not asked for may be there. */
  readonly content?: Readonly<Record<string, unknown>>;
}

export interface FormRequest {
  /** The question. */
  readonly message: string;
  /** JSON Schema of the answer: an object whose properties are primitive (MCP's restriction). */
  readonly requestedSchema: Readonly<Record<string, unknown>>;
}

/** The schema of a form that is only to be accepted or declined. */
export const asksNothing: FormRequest['requestedSchema'] = { type: 'object', properties: {} };

/** The MCP request that puts a form to a person. */
export function formRequest({ message, requestedSchema }: FormRequest) {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } } as const;
}

/** A question again, with what was wrong with the last answer in front of the person. */
export function askAgain(message: string | undefined, problem: string): string {
  return `${message ? `${message}\n\n` : ''}The last answer does not fit: ${problem}`;
}

/** What a call ends with whose question before the start was not accepted. */
export function notStarted(action: 'decline' | 'cancel'): string {
  return `Nothing was started: the question was ${action === 'decline' ? 'declined' : 'dismissed without an answer'}.`;
}

/** What is wrong with an answer to a form; `undefined`: nothing. */
export function formProblem(answer: unknown, schema: FormRequest['requestedSchema']): string | undefined {
  const problem = actionProblem(answer);
  if (problem !== undefined || (answer as ElicitAnswer).action !== 'accept') return problem;
  // Without code generation, which the sandbox would not have.
  const { valid, errors } = new Validator(schema, '2020-12', false).validate((answer as ElicitAnswer).content ?? {});
  // The first errors are about the whole; the last is the one that says what is wrong where.
  return valid
    ? undefined
    : errors
        .map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'the answer'}: ${error}`)
        .at(-1);
}

export function actionProblem(answer: unknown): string | undefined {
  const action = typeof answer === 'object' && answer !== null ? (answer as { action?: unknown }).action : undefined;
  return action === 'accept' || action === 'decline' || action === 'cancel'
    ? undefined
    : 'it has no action of accept, decline or cancel';
}
