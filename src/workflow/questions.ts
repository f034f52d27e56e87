/** The kinds of input requests a workflow can send, in MCP's own shapes. @module */
import { patched, uuid4 } from '@temporalio/workflow';
import { sampleProblem, type SampleAnswer } from '../task/answer.js';
import {
  actionProblem,
  formProblem,
  formRequest,
  formSchemaProblem,
  type ElicitAnswer,
  type FormRequest,
} from '../task/form.js';
import { ToolError } from '../tool/errors.js';
import { ask, type InputOptions } from './inputs.js';

/** A URL for a person to open. */
export interface UrlRequest {
  /** Tells the person why to open the URL. */
  readonly message: string;
  readonly url: string;
}

/** The params of MCP's `CreateMessageRequest`. Sampling is deprecated in protocol 2026-07-28. */
export interface SampleRequest {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly maxTokens: number;
  readonly [param: string]: unknown;
}

/**
 * Implements `task.elicit`.
 * @throws ToolError if the schema has a pattern that cannot be matched in linear time
 */
export async function elicit(request: FormRequest, options?: InputOptions<ElicitAnswer>): Promise<ElicitAnswer> {
  refuseUnusable(request);
  return await ask(formRequest(request), (answer) => formProblem(answer, request.requestedSchema), options);
}

/**
 * Asks like {@link elicit}, until the answer also passes `check`.
 * @param check returns what is wrong with the answer; `undefined` if nothing is
 */
export async function elicitUntil(
  request: FormRequest,
  check: (answer: ElicitAnswer) => string | undefined,
): Promise<ElicitAnswer> {
  return await ask(
    formRequest(request),
    (answer) => formProblem(answer, request.requestedSchema) ?? check(answer as ElicitAnswer),
  );
}

function refuseUnusable(request: FormRequest): void {
  const problem = formSchemaProblem(request);
  // A workflow that asked before such patterns were refused continues to ask.
  if (problem !== undefined && patched('refuse-slow-patterns')) throw new ToolError(problem);
}

/** Implements `task.elicitUrl`. */
export async function elicitUrl(request: UrlRequest, options?: InputOptions<ElicitAnswer>): Promise<ElicitAnswer> {
  const { message, url } = request;
  return await ask(
    { method: 'elicitation/create', params: { mode: 'url', message, url, elicitationId: uuid4() } },
    actionProblem,
    options,
  );
}

/** Implements `task.sample`. */
export async function sample(request: SampleRequest, options?: InputOptions<SampleAnswer>): Promise<SampleAnswer> {
  return await ask({ method: 'sampling/createMessage', params: { ...request } }, sampleProblem, options);
}
