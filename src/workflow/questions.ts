/** The kinds of questions a workflow can ask, with MCP's own shapes. @module */
import { uuid4 } from '@temporalio/workflow';
import { actionProblem, formProblem, formRequest, type ElicitAnswer, type FormRequest } from '../task/form.js';
import { ask, type InputOptions } from './inputs.js';

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
  return await ask(formRequest(request), (answer) => formProblem(answer, request.requestedSchema), options);
}

/** Sends the person to a URL, for what must not pass through the client. The tool has to state `asks: ['elicitation.url']`. */
export async function elicitUrl(request: UrlRequest, options?: InputOptions<ElicitAnswer>): Promise<ElicitAnswer> {
  const { message, url } = request;
  return await ask(
    { method: 'elicitation/create', params: { mode: 'url', message, url, elicitationId: uuid4() } },
    actionProblem,
    options,
  );
}

/** Has the client's model complete. The tool has to state `asks: ['sampling']`. */
export async function sample(request: SampleRequest, options?: InputOptions<SampleAnswer>): Promise<SampleAnswer> {
  return await ask({ method: 'sampling/createMessage', params: { ...request } }, sampleProblem, options);
}

function sampleProblem(answer: unknown): string | undefined {
  const { role, content, model } = (answer ?? {}) as Partial<SampleAnswer>;
  return typeof role === 'string' && content !== undefined && typeof model === 'string'
    ? undefined
    : 'it is no message with role, content and model';
}
