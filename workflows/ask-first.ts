/** The shipped workflow for tools that ask before their work begins (protocol 2025-11-25). @module */
import {
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  makeContinueAsNewFunc,
  patched,
} from '@temporalio/workflow';
import type { Duration } from '../src/task/duration.js';
import { notStarted, type FormRequest } from '../src/task/form.js';
import { ToolError } from '../src/workflow/index.js';
import { carriedQuestion, resumeQuestion, shouldContinue, type CarriedQuestion } from '../src/workflow/inputs.js';
import { elicitUntil } from '../src/workflow/questions.js';
import { answerProblem } from '../src/workflow/sizes.js';

export interface AskFirstInput {
  readonly form: FormRequest;
  /** The workflow that the task continues as. */
  readonly workflowType: string;
  /** Arguments of that workflow; the answer is appended unless `withoutAnswer` is set. */
  readonly args: readonly unknown[];
  /** The task queue of that workflow. @default this workflow's own */
  readonly taskQueue?: string;
  /** Run timeout of that workflow. */
  readonly runTimeout?: Duration;
  /** Does not append the answer to the arguments. */
  readonly withoutAnswer?: boolean;
  /** The question that an earlier run of this workflow left open. */
  readonly asked?: CarriedQuestion;
}

/**
 * Sends the form to the client. Once it is accepted, continues as the tool's own workflow, under the same ID. Continues
 * as itself, with the question still open, before a long wait reaches one of Temporal's limits.
 *
 * @throws ToolError if the form is declined or dismissed
 */
export async function mcpAskFirst(input: AskFirstInput): Promise<never> {
  const { form, workflowType, args, taskQueue, runTimeout, withoutAnswer, asked } = input;
  if (asked) resumeQuestion(asked);
  const answer = elicitUntil(form, ({ content }) => (withoutAnswer ? undefined : answerProblem(content, args)));
  await Promise.race([answer, condition(shouldContinue)]);
  const left = carriedQuestion();
  if (shouldContinue() && left && patched('continue-while-asking') && !CancellationScope.current().consideredCancelled)
    return await continueAsNew<typeof mcpAskFirst>({ ...input, asked: left });
  const { action, content = {} } = await answer;
  if (action !== 'accept') throw new ToolError(notStarted(action));
  // Check now, because a cancellation request is lost when a run continues as another.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before its work began');
  const goOn = makeContinueAsNewFunc<(...given: unknown[]) => Promise<unknown>>({
    workflowType,
    ...(taskQueue === undefined ? {} : { taskQueue }),
    ...(runTimeout === undefined ? {} : { workflowRunTimeout: runTimeout }),
  });
  return await (withoutAnswer ? goOn(...args) : goOn(...args, content));
}
