/** Calls steps so that their results carry what heartbeats did not. @module */
import type { ActivityOptions } from '@temporalio/workflow';
import { plainResult, type StepCall } from '../task/step-call.js';

/** Schedules a step. It must pass on the options and the call. */
type Schedule = (options: ActivityOptions, call: StepCall) => Promise<unknown>;

/** Runs a step and returns its own result. */
export async function runStep(options: ActivityOptions, schedule: Schedule): Promise<unknown> {
  return plainResult(await schedule(options, { mcpStep: 1 }));
}

/**
 * Does the same as Temporal's `proxyActivities`, for activities that `mcp-tasks-temporal/activity` wraps: they take the
 * call as an additional argument.
 */
export function proxySteps<Activities extends object>(
  proxy: (options: ActivityOptions) => Activities,
  options: ActivityOptions,
): Activities {
  return new Proxy({} as Activities, {
    get:
      (_, activityType: string) =>
      async (...args: unknown[]) =>
        await runStep(options, async (given, call) => {
          const activities = proxy(given) as Record<string, (...args: unknown[]) => Promise<unknown>>;
          return await activities[activityType]!(...args, call);
        }),
  });
}
