/** The shipped workflow of tools that ask before their work begins (protocol 2025-11-25). @module */
import { CancellationScope, CancelledFailure, makeContinueAsNewFunc } from '@temporalio/workflow';
import type { Duration } from '../src/task/duration.js';
import { notStarted, type FormRequest } from '../src/task/form.js';
import { task, ToolError } from '../src/workflow/index.js';

export interface AskFirstInput {
  readonly form: FormRequest;
  /** What the task goes on as, and with which arguments; the answer is added to them. */
  readonly workflowType: string;
  readonly args: readonly unknown[];
  /** @default this workflow's own */
  readonly taskQueue?: string;
  /** Of the run that it goes on as. */
  readonly runTimeout?: Duration;
  /** Leaves the arguments as they are. */
  readonly withoutAnswer?: boolean;
}

/** Puts the form to the client and goes on as the tool's own workflow, under the same ID, once it is accepted. */
export async function mcpAskFirst({
  form,
  workflowType,
  args,
  taskQueue,
  runTimeout,
  withoutAnswer,
}: AskFirstInput): Promise<never> {
  const { action, content = {} } = await task.elicit(form);
  if (action !== 'accept') throw new ToolError(notStarted(action));
  // A run that goes on as another one loses sight of a cancellation that it was asked for.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before its work began');
  const goOn = makeContinueAsNewFunc<(...given: unknown[]) => Promise<unknown>>({
    workflowType,
    ...(taskQueue === undefined ? {} : { taskQueue }),
    ...(runTimeout === undefined ? {} : { workflowRunTimeout: runTimeout }),
  });
  return await (withoutAnswer ? goOn(...args) : goOn(...args, content));
}
