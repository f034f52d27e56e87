/** The shipped workflow for command tools. @module */
import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
  WorkflowIdReusePolicy,
  type ActivityOptions,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { milliseconds } from '../src/task/duration.js';
import { asksNothing, notStarted } from '../src/task/form.js';
import { COMMAND_KEY_WORKFLOW, commandActivities, RELEASE_KEY_SIGNAL } from '../src/task/names.js';
import { isProgramEnded } from '../src/task/program-ended.js';
import type { StepCall } from '../src/task/step-call.js';
import { ToolError } from '../src/workflow/index.js';
import { taskState } from '../src/workflow/state.js';
import { proxySteps } from '../src/workflow/steps.js';
import { task } from '../src/workflow/task.js';
import { runTool, type FormContent, type ToolTaskInput } from './tool-task.js';

export interface CommandTaskInput extends ToolTaskInput {
  /** A hash of the call's key and the task queue. Tasks with the same one run one at a time. */
  readonly key?: string;
  /** The question to ask with the output of the tool's plan. Set if the tool has a plan that was not accepted yet. */
  readonly question?: string;
  /** Whether the tool has a clean-up, to run if the task is cancelled. */
  readonly cleanup?: true;
}

/** The pauses between two looks at a key that another task holds, in milliseconds. */
const LOOK = { first: 1_000, factor: 1.5, longest: 30_000 };
/** How many attempts a plan or a clean-up has. */
const ATTEMPTS = { plan: 3, cleanup: 5 };

type Around = Record<string, (args: unknown) => Promise<unknown>>;

/**
 * Runs a command tool: asks with its plan, waits for its key, runs its program, and cleans up if the task is cancelled.
 * @param resumed the step that an earlier run has passed on
 */
export async function mcpCommandTask(
  input: CommandTaskInput,
  answer?: FormContent,
  resumed?: StepCall,
): Promise<unknown> {
  taskState();
  const { question, ...planned } = input;
  if (question !== undefined) await confirmPlan(input, question);
  const holder = input.key === undefined ? undefined : await hold(input.key, planned, answer, resumed);
  try {
    const result = await runTool(planned, answer, resumed);
    await release(holder);
    return result;
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      const isCancelled = isCancellation(error);
      if (isCancelled && input.cleanup) await around(input, 'cleanup');
      // Otherwise the holder keeps the key until the program has certainly ended.
      if (!(error instanceof ActivityFailure) || hasEnded(error) || (isCancelled && input.cleanup))
        await release(holder);
    });
    throw error;
  }
}

/** @throws ToolError if the person does not accept the plan */
async function confirmPlan(input: CommandTaskInput, question: string): Promise<void> {
  const plan = await around(input, 'plan');
  const { action } = await task.elicit({
    message: `${question}\n\n${typeof plan === 'string' && plan !== '' ? plan : '(The plan wrote no output.)'}`,
    requestedSchema: asksNothing,
  });
  if (action !== 'accept') throw new ToolError(notStarted(action));
}

async function around({ tool, args, policy }: CommandTaskInput, what: keyof typeof ATTEMPTS): Promise<unknown> {
  const options: ActivityOptions = {
    startToCloseTimeout: policy.startToClose,
    heartbeatTimeout: policy.heartbeat,
    retry: { ...policy.retry, maximumAttempts: ATTEMPTS[what] },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  };
  const activities = proxySteps(proxyActivities<Around>, options);
  return await activities[commandActivities(tool)[what]]!(args);
}

/**
 * Waits until no other task holds the key, and takes it. Continues as new before a long wait fills the history.
 * @throws CancelledFailure if the task is cancelled meanwhile
 */
async function hold(
  key: string,
  input: CommandTaskInput,
  answer: FormContent | undefined,
  resumed: StepCall | undefined,
): Promise<ChildWorkflowHandle<(outlives: number) => Promise<void>>> {
  // A program survives its worker for half the heartbeat timeout and the time to stop, and the margins.
  const outlives = milliseconds(input.policy.heartbeat, 'heartbeat') / 2 + 10_000;
  const state = taskState();
  for (let pause = LOOK.first; ; pause = Math.min(pause * LOOK.factor, LOOK.longest)) {
    if (CancellationScope.current().consideredCancelled)
      throw new CancelledFailure('cancelled before its program began');
    try {
      // The task's cancellation must not release the key: its program may still be stopping.
      return await CancellationScope.nonCancellable(async () => {
        const holder = await startChild<(outlives: number) => Promise<void>>(COMMAND_KEY_WORKFLOW, {
          workflowId: `mcp-command-key-${key}`,
          args: [outlives],
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        });
        delete state.message;
        // An operator may end it.
        holder.result().catch(() => undefined);
        return holder;
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    task.status('waiting for another task to end: only one at a time runs this');
    await sleep(pause);
    if (workflowInfo().continueAsNewSuggested && !CancellationScope.current().consideredCancelled)
      await continueAsNew<typeof mcpCommandTask>(input, answer, resumed);
  }
}

async function release(holder: ChildWorkflowHandle<(outlives: number) => Promise<void>> | undefined): Promise<void> {
  // It may have ended: an operator can terminate it.
  await CancellationScope.nonCancellable(async () => await holder?.signal(RELEASE_KEY_SIGNAL).catch(() => undefined));
}

/** Whether the worker itself has reported the end of the last attempt, rather than Temporal having given up on it. */
function hasEnded({ cause }: ActivityFailure): boolean {
  if (cause instanceof CancelledFailure) return isProgramEnded(cause.details);
  return cause instanceof ApplicationFailure;
}
