/** Runs a step as a local activity first, and decides what follows. @module */
import {
  ActivityFailure,
  ApplicationFailure,
  proxyLocalActivities,
  sleep,
  TimeoutFailure,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import { INTERRUPTED } from '../task/attempts.js';
import { milliseconds } from '../task/duration.js';
import { isStepCall, plainResult, type StepCall } from '../task/step-call.js';
import type { RunPolicy } from '../tool/policy.js';
import { ToolError } from '../tool/errors.js';

/**
 * The shortest and the longest timeout of a local activity, in milliseconds. Its signal is aborted after 2 s. Temporal
 * keeps a workflow task alive for up to 30 minutes.
 */
const LIMIT = { least: 5_000, most: 600_000 };

type Activities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** How a local activity ended: with the result of its function, or with the call of the activity that continues it. */
export type ShortEnd = { readonly result: unknown } | { readonly next: StepCall };

/**
 * Runs the step in the current workflow task.
 * @throws ActivityFailure if it was cancelled; ToolError if its function does not end; the function's error if it has
 * failed for good
 */
export async function runShort(
  name: string,
  activityType: string,
  args: readonly unknown[],
  { retry, startToClose }: RunPolicy,
): Promise<ShortEnd> {
  const limit = Math.min(Math.max(milliseconds(startToClose, 'startToClose'), LIMIT.least), LIMIT.most);
  const options: LocalActivityOptions = {
    startToCloseTimeout: limit,
    // A second attempt might overlap with one that did not end in time.
    retry: { maximumAttempts: 1 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  };
  const call: StepCall = { mcpStep: 1, maximumAttempts: retry.maximumAttempts };
  try {
    const run = proxyLocalActivities<Activities>(options)[activityType]!;
    return { result: plainResult(await run(...args, call)) };
  } catch (error) {
    // The SDK wraps only timeouts and cancellations of local activities.
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof TimeoutFailure) throw new ToolError(neverEnds(name, limit));
    if (!(cause instanceof ApplicationFailure) || cause.type !== INTERRUPTED) throw error;
    const [next, pause] = (cause.details ?? []) as readonly unknown[];
    if (!isStepCall(next)) throw error;
    if (next.failures) await sleep(typeof pause === 'number' ? pause : retry.initialInterval);
    return { next };
  }
}

/** Returns the policy for the attempts that follow the local one. If it failed, their pauses go on growing. */
export function policyAfter(policy: RunPolicy, { failures = 0 }: StepCall): RunPolicy {
  if (failures === 0) return policy;
  const { initialInterval, backoffCoefficient, maximumInterval } = policy.retry;
  const pause = milliseconds(initialInterval, 'initialInterval') * backoffCoefficient ** failures;
  const capped = Math.min(Math.round(pause), milliseconds(maximumInterval, 'maximumInterval'));
  return { ...policy, retry: { ...policy.retry, initialInterval: `${capped} ms` } };
}

function neverEnds(name: string, limit: number): string {
  return `${name} has not ended after ${limit / 1_000} seconds, although its signal was aborted after 2 seconds. It may still be running, so it was not started again. Make its function end when ctx.signal is aborted, or remove expected: 'seconds' from the tool.`;
}
