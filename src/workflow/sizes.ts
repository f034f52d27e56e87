/**
 * Keeps what a task's workflow sends within Temporal's limits, as far as the sandbox can measure it: as JSON, before
 * the codecs.
 *
 * Applies only to tasks whose memo names a limit, as it does if a server with this module started them. So earlier
 * histories still replay.
 * @module
 */
import { workflowInfo } from '@temporalio/workflow';
import { jsonSize } from '../limits/json-size.js';
import { LARGEST_MESSAGE, LARGEST_PAYLOAD, tooLarge } from '../limits/limits.js';
import type { InputRequest } from '../task/report.js';
import { ToolError } from '../tool/errors.js';
import { taskMemo } from './memo.js';

/** What the current workflow task has sent so far, in bytes. */
interface Sent {
  readonly runId: string;
  readonly historyLength: number;
  readonly bytes: number;
}
let sent: Sent | undefined;

/**
 * Checks values that the workflow is about to send.
 * @param what describes them, as the beginning of a sentence
 * @throws ToolError if they are too large, alone or with everything else that the current workflow task sends
 */
export function checkSent(what: string, values: readonly unknown[], kind: 'input' | 'result'): void {
  const limit = largest();
  if (limit === undefined) return;
  const size = jsonSize(values);
  if (size > limit) throw new ToolError(tooLarge(`${what} is`, size, kind, limit));
  // External storage takes most of it.
  if (limit > LARGEST_MESSAGE) return;
  const { runId, historyLength } = workflowInfo();
  const before = sent?.runId === runId && sent.historyLength === historyLength ? sent.bytes : 0;
  const bytes = before + size;
  if (bytes > LARGEST_MESSAGE)
    throw new ToolError(
      tooLarge(`${what}, together with everything else sent at the same time, is`, bytes, kind, LARGEST_MESSAGE),
    );
  sent = { runId, historyLength, bytes };
}

/**
 * Checks the questions that would be open together: one query answer must hold them all.
 * @throws ToolError if they are too large
 */
export function checkQuestions(questions: readonly InputRequest[]): void {
  const limit = largest();
  if (limit === undefined) return;
  const size = jsonSize([questions]);
  if (size > limit) throw new ToolError(tooLarge("The task's open questions are", size, 'question', limit));
}

/**
 * Returns what is wrong with an answer that the workflow has to pass on together with `values`; `undefined` if nothing
 * is.
 */
export function answerProblem(answer: unknown, values: readonly unknown[]): string | undefined {
  const limit = largest();
  if (limit === undefined) return undefined;
  const size = jsonSize([...values, answer]);
  return size > limit ? tooLarge("The answer and the call's arguments are", size, 'answer', limit) : undefined;
}

/** Whether these values can be sent in one message. */
export function fitsTogether(values: readonly unknown[]): boolean {
  return jsonSize(values) <= (largest() ?? LARGEST_PAYLOAD);
}

/** Returns the limit of this task, in bytes; `undefined` if it has none. */
function largest(): number | undefined {
  return taskMemo()?.largest;
}
