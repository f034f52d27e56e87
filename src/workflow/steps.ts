/**
 * Calls steps so that only failures use up their attempts, and their results carry the progress that heartbeats did
 * not.
 * @module
 */
import {
  ActivityFailure,
  ApplicationFailure,
  patched,
  TimeoutFailure,
  uuid4,
  type ActivityOptions,
} from '@temporalio/workflow';
import { INTERRUPTED, nextCall, stepId, type Ended } from '../task/attempts.js';
import { milliseconds, type Duration } from '../task/duration.js';
import { plainResult, type StepCall } from '../task/step-call.js';

/** Workflows of earlier versions did not schedule a step again. */
const PATCH = 'mcp-tasks-attempts';
/** How often to look for a worker that has the step. */
const LOOK = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' } as const;

/** Schedules a step. Must pass on the options and the call. */
type Schedule = (options: ActivityOptions, call: StepCall) => Promise<unknown>;

/**
 * Runs a step and returns its own result. Schedules it again after an interruption.
 * @throws ActivityFailure if it fails
 */
export async function runStep(options: ActivityOptions, schedule: Schedule): Promise<unknown> {
  const { maximumAttempts = Infinity } = options.retry ?? {};
  const began = Date.now();
  let call: StepCall = { mcpStep: 1 };
  let given = options;
  for (;;) {
    try {
      return plainResult(await schedule(given, call));
    } catch (error) {
      const next = nextCall(maximumAttempts, endOf(error));
      const again = next && optionsFor(next, options, Date.now() - began);
      if (!next || !again || !patched(PATCH)) throw error;
      call = next;
      given = again;
    }
  }
}

function endOf(error: unknown): Ended {
  if (!(error instanceof ActivityFailure)) return {};
  const { cause, retryState } = error;
  if (cause instanceof ApplicationFailure && cause.type === INTERRUPTED) return { interrupted: cause.details?.[0] };
  const isLost = cause instanceof TimeoutFailure && cause.timeoutType === 'HEARTBEAT';
  return isLost && retryState === 'MAXIMUM_ATTEMPTS_REACHED' ? { lost: cause.lastHeartbeatDetails } : {};
}

/** Returns the options with what remains of attempts and time; `undefined` if no time remains. */
function optionsFor(call: StepCall, options: ActivityOptions, passed: number): ActivityOptions | undefined {
  const { retry = {}, scheduleToCloseTimeout } = options;
  const { maximumAttempts, ...others } = retry;
  const { failures = 0, waiting } = call;
  const left = scheduleToCloseTimeout === undefined ? undefined : inMilliseconds(scheduleToCloseTimeout) - passed;
  if (left !== undefined && left <= 0) return undefined;
  const limit = maximumAttempts === undefined ? {} : { maximumAttempts: Math.max(1, maximumAttempts - failures) };
  return {
    ...options,
    activityId: stepId(call, uuid4()),
    retry: waiting ? { ...others, ...LOOK } : { ...others, ...limit },
    ...(left === undefined ? {} : { scheduleToCloseTimeout: left }),
  };
}

function inMilliseconds(time: string | number): number {
  return typeof time === 'number' ? time : milliseconds(time as Duration, 'scheduleToCloseTimeout');
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
