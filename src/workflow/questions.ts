/** The kinds of questions a workflow can ask, with MCP's own shapes. @module */
import { Validator } from '@cfworker/json-schema';
import { uuid4 } from '@temporalio/workflow';
import { ask, type InputOptions } from './inputs.js';

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

export interface UrlRequest {
  /** Why the person is to go there. */
  readonly message: string;
  readonly url: string;
}

/** MCP's `CreateMessageRequest` params. Sampling is deprecated in protocol 2026-07-28. */
export interface SampleRequest {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly maxTokens: number;
  readonly [param: string]: unknown;
}

/** MCP's `CreateMessageResult`. */
export interface SampleAnswer {
  readonly role: string;
  readonly content: unknown;
  readonly model: string;
  readonly [field: string]: unknown;
}

/** Has the person behind the client fill in a form. The tool has to state `asks: ['elicitation.form']`. */
export async function elicit(request: FormRequest, options?: InputOptions<ElicitAnswer>): Promise<ElicitAnswer> {
  const { message, requestedSchema } = request;
  return await ask({ method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } }, (answer) => formProblem(answer, requestedSchema), options);
}

/** Sends the person to a URL, for what must not pass through the client. The tool has to state `asks: ['elicitation.url']`. */
export async function elicitUrl(request: UrlRequest, options?: InputOptions<ElicitAnswer>): Promise<ElicitAnswer> {
  const { message, url } = request;
  return await ask({ method: 'elicitation/create', params: { mode: 'url', message, url, elicitationId: uuid4() } }, actionProblem, options);
}

/** Has the client's model complete. The tool has to state `asks: ['sampling']`. */
export async function sample(request: SampleRequest, options?: InputOptions<SampleAnswer>): Promise<SampleAnswer> {
  return await ask({ method: 'sampling/createMessage', params: { ...request } }, sampleProblem, options);
}

function formProblem(answer: unknown, schema: FormRequest['requestedSchema']): string | undefined {
  const problem = actionProblem(answer);
  if (problem !== undefined || (answer as ElicitAnswer).action !== 'accept') return problem;
  // Without code generation, which the sandbox would not have.
  const { valid, errors } = new Validator(schema, '2020-12', false).validate((answer as ElicitAnswer).content ?? {});
  // The first errors are about the whole; the last is the one that says what is wrong where.
  return valid ? undefined : errors.map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'the answer'}: ${error}`).at(-1);
}

function actionProblem(answer: unknown): string | undefined {
  const action = typeof answer === 'object' && answer !== null ? (answer as { action?: unknown }).action : undefined;
  return action === 'accept' || action === 'decline' || action === 'cancel' ? undefined : 'it has no action of accept, decline or cancel';
}

function sampleProblem(answer: unknown): string | undefined {
  const { role, content, model } = (answer ?? {}) as Partial<SampleAnswer>;
  return typeof role === 'string' && content !== undefined && typeof model === 'string' ? undefined : 'it is no message with role, content and model';
}
