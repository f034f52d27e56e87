/** The shipped workflow for tools that ask before their work begins (protocol 2025-11-25). @module */
import { CancellationScope, CancelledFailure, makeContinueAsNewFunc } from '@temporalio/workflow';
import type { Duration } from '../src/task/duration.js';
import { notStarted, type FormRequest } from '../src/task/form.js';
import { ToolError } from '../src/workflow/index.js';
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
}

/**
 * Sends the form to the client. Once it is accepted, continues as the tool's own workflow, under the same ID.
 *
 * @throws ToolError if the form is declined or dismissed
 */
export async function mcpAskFirst({
  form,
  workflowType,
  args,
  taskQueue,
  runTimeout,
  withoutAnswer,
}: AskFirstInput): Promise<never> {
  const { action, content = {} } = await elicitUntil(form, (answer) =>
    withoutAnswer ? undefined : answerProblem(answer.content, args),
  );
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
