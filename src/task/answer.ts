/**
 * What is wrong with the answer to a question, for the workflow that asked and for servers that deliver the answer.
 * Pure, and safe in the workflow sandbox.
 * @module
 */
import { jsonSize } from '../limits/json-size.js';
import { nestingProblem } from '../limits/nesting.js';
import { actionProblem, formProblem, type FormRequest } from './form.js';
import { kindOf, refusedAnswer } from './input.js';
import type { InputRequest } from './report.js';

/** MCP's `CreateMessageResult`. */
export interface SampleAnswer {
  readonly role: string;
  readonly content: unknown;
  readonly model: string;
  readonly [field: string]: unknown;
}

export function sampleProblem(answer: unknown): string | undefined {
  const { role, content, model } = (answer ?? {}) as Partial<SampleAnswer>;
  return typeof role === 'string' && content !== undefined && typeof model === 'string'
    ? undefined
    : 'it must be a message with role, content and model';
}

/** The maximum size of answers that a workflow gets unchecked, together, in bytes of JSON. */
const LARGEST_UNCHECKED = 10_000;

/**
 * Returns which answers to send to the workflow. Everything that a workflow receives stays in its history, and Temporal
 * terminates it at 50 MiB: 26 refused answers of the largest size. So large answers go only to open questions, and an
 * answer that the workflow would refuse is replaced by the reason.
 * @param open the workflow's open questions, by key
 */
export function worthSending(
  answers: Readonly<Record<string, unknown>>,
  open: Readonly<Record<string, InputRequest>>,
): Readonly<Record<string, unknown>> {
  if (!isLarge(answers)) return answers;
  return Object.fromEntries(
    Object.entries(answers).flatMap(([key, answer]) => {
      const request = Object.hasOwn(open, key) ? open[key] : undefined;
      if (!request) return [];
      const problem = problemWith(request, answer);
      return [[key, problem === undefined ? answer : refusedAnswer(problem)]];
    }),
  );
}

/** Whether {@link worthSending} has to know the open questions. Answers nested too deeply are refused before they are sent. */
export function isLarge(answers: Readonly<Record<string, unknown>>): boolean {
  return nestingProblem(answers) === undefined && jsonSize([answers]) > LARGEST_UNCHECKED;
}

function problemWith(request: InputRequest, answer: unknown): string | undefined {
  const kind = kindOf(request);
  if (kind === 'sampling') return sampleProblem(answer);
  if (kind === 'elicitation.url') return actionProblem(answer);
  const schema = request.params['requestedSchema'];
  return kind === undefined || typeof schema !== 'object' || schema === null
    ? undefined
    : formProblem(answer, schema as FormRequest['requestedSchema']);
}
