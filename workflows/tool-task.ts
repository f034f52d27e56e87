/** The shipped workflow of function tools. @module */
import { proxyActivities } from '@temporalio/workflow';
import { toolActivity } from '../src/task/names.js';
import type { RunPolicy } from '../src/tool/policy.js';

export interface ToolTaskInput {
  /** The tool's name. */
  readonly tool: string;
  /** The call's arguments as they came; the activity parses them, so that types JSON does not know survive. */
  readonly args: unknown;
  readonly policy: RunPolicy;
}

/** Runs a function tool as one retried, heartbeating activity and returns what it returned. */
export async function mcpToolTask({ tool, args, policy }: ToolTaskInput): Promise<unknown> {
  const activities = proxyActivities<Record<string, (args: unknown) => Promise<unknown>>>({
    startToCloseTimeout: policy.startToClose,
    heartbeatTimeout: policy.heartbeat,
    retry: policy.retry,
    // The clean-up of a cancelled step is part of the task: the workflow ends when its step has ended.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
  const run = activities[toolActivity(tool)];
  if (!run) throw new Error(`no activity for tool ${tool}`);
  return await run(args);
}
