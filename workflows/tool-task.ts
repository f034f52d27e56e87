/** The shipped workflows for function tools. @module */
import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  patched,
  proxyActivities,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import { toolActivity } from '../src/task/names.js';
import type { StepCall } from '../src/task/step-call.js';
import { TOOL_WORKFLOW_MARK } from '../src/task/tool-workflow-mark.js';
import type { RunPolicy } from '../src/tool/policy.js';
import { policyAfter, runShort } from '../src/workflow/short-step.js';
import { fitsTogether } from '../src/workflow/sizes.js';
import { taskState } from '../src/workflow/state.js';
import { proxySteps } from '../src/workflow/steps.js';

export interface ToolTaskInput {
  /** The tool's name. */
  readonly tool: string;
  /** The call's unparsed arguments. The activity parses them, so that types JSON cannot represent survive. */
  readonly args: unknown;
  readonly policy: RunPolicy;
}

/** The form content that the person submitted before the work began. */
export type FormContent = Readonly<Record<string, unknown>>;

type ToolActivities = Record<string, (args: unknown, answer: FormContent | null) => Promise<unknown>>;

/**
 * Runs a function tool as one retried, heartbeating activity and returns what it returned. Each interruption of the
 * step adds its arguments to the history once more, so the workflow continues as new before the history is too large.
 * @param resumed the step that an earlier run has passed on
 */
export async function mcpToolTask(input: ToolTaskInput, answer?: FormContent, resumed?: StepCall): Promise<unknown> {
  taskState();
  return await runTool(input, answer, resumed);
}

/**
 * Runs a function tool whose work is expected to take seconds: first as a local activity, which needs about half as
 * many events. What that leaves undone continues as in {@link mcpToolTask}. It is a separate workflow type because
 * workers of earlier versions can't run it: its tasks wait for workers that can.
 * @param resumed the step that an earlier run has passed on
 */
export async function mcpShortToolTask(
  input: ToolTaskInput,
  answer?: FormContent,
  resumed?: StepCall,
): Promise<unknown> {
  taskState();
  if (resumed) return await runTool(input, answer, resumed);
  const { tool, args, policy } = input;
  const end = await runShort(tool, toolActivity(tool), [args, answer ?? null], policy);
  if ('result' in end) return end.result;
  return await runTool({ ...input, policy: policyAfter(policy, end.next) }, answer, end.next);
}

/** Runs a function tool's activity, in its shipped workflow or in one that does more. */
export async function runTool(
  input: ToolTaskInput,
  answer: FormContent | undefined,
  resumed: StepCall | undefined,
): Promise<unknown> {
  const { tool, args, policy } = input;
  const options: ActivityOptions = {
    startToCloseTimeout: policy.startToClose,
    heartbeatTimeout: policy.heartbeat,
    retry: policy.retry,
    // A cancelled step's cleanup is part of the task, so the workflow ends only after its step has.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  };
  const beforeAgain = async (next: StepCall): Promise<void> => {
    // A cancellation request is lost when a run continues as another.
    if (!workflowInfo().continueAsNewSuggested || CancellationScope.current().consideredCancelled) return;
    if (fitsTogether([input, answer, next]) && patched('continue-interrupted-step'))
      await continueAsNew<typeof mcpToolTask>(input, answer, next);
  };
  const activities = proxySteps(proxyActivities<ToolActivities>, options, { resumed, beforeAgain });
  const run = activities[toolActivity(tool)];
  if (!run) throw ApplicationFailure.nonRetryable(`${TOOL_WORKFLOW_MARK} ${tool}`);
  return await run(args, answer ?? null);
}
