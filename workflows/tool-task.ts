/** The shipped workflow for function tools. @module */
import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import { toolActivity } from '../src/task/names.js';
import { TOOL_WORKFLOW_MARK } from '../src/task/tool-workflow-mark.js';
import type { RunPolicy } from '../src/tool/policy.js';
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
type FormContent = Readonly<Record<string, unknown>>;

type ToolActivities = Record<string, (args: unknown, answer: FormContent | null) => Promise<unknown>>;

/** Runs a function tool as one retried, heartbeating activity and returns what it returned. */
export async function mcpToolTask({ tool, args, policy }: ToolTaskInput, answer?: FormContent): Promise<unknown> {
  taskState();
  const activities = proxySteps(proxyActivities<ToolActivities>, {
    startToCloseTimeout: policy.startToClose,
    heartbeatTimeout: policy.heartbeat,
    retry: policy.retry,
    // A cancelled step's cleanup is part of the task, so the workflow ends only after its step has.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
  const run = activities[toolActivity(tool)];
  if (!run) throw ApplicationFailure.nonRetryable(`${TOOL_WORKFLOW_MARK} ${tool}`);
  return await run(args, answer ?? null);
}
