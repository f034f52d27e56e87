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
import { fitsTogether } from './sizes.js';

/** Workflows of earlier versions did not schedule a step again. */
const PATCH = 'mcp-tasks-attempts';
/** How often to look for a worker that has the step. */
const LOOK = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' } as const;

/** Schedules a step. Must pass on the options and the call. */
type Schedule = (options: ActivityOptions, call: StepCall) => Promise<unknown>;

/** How a workflow that continues as new passes an interrupted step on to its next run. */
export interface Handover {
  /** The call of the step that an earlier run passed on. @default none: the step has not begun */
  readonly resumed?: StepCall | undefined;
  /** Called before an interrupted step is scheduled again. May continue as new instead. */
  readonly beforeAgain?: (next: StepCall) => Promise<void>;
}

/**
 * Runs a step and returns its own result. Schedules it again after an interruption.
 * @param args what is sent with each call
 * @throws ActivityFailure if it fails
 */
export async function runStep(
  options: ActivityOptions,
  args: readonly unknown[],
  schedule: Schedule,
  { resumed, beforeAgain }: Handover = {},
): Promise<unknown> {
  const { maximumAttempts = Infinity } = options.retry ?? {};
  const began = Date.now();
  let call: StepCall = resumed ?? { mcpStep: 1 };
  let given = (resumed && optionsFor(resumed, options, 0)) ?? options;
  for (;;) {
    try {
      return plainResult(await schedule(given, call));
    } catch (error) {
      const next = nextCall(maximumAttempts, endOf(error));
      const again = next && optionsFor(next, options, Date.now() - began);
      // A worker that was lost could not check that its last heartbeat fits beside the arguments.
      if (!next || !again || !fitsTogether([...args, next]) || !patched(PATCH)) throw error;
      await beforeAgain?.(next);
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
  handover: Handover = {},
): Activities {
  return new Proxy({} as Activities, {
    get:
      (_, activityType: string) =>
      async (...args: unknown[]) =>
        await runStep(
          options,
          args,
          async (given, call) => {
            const activities = proxy(given) as Record<string, (...args: unknown[]) => Promise<unknown>>;
            return await activities[activityType]!(...args, call);
          },
          handover,
        ),
  });
}
