/**
 * The activity that a worker runs for steps that it does not have. That is not the step's failure, so its workflow
 * waits for a worker that has the step.
 * @module
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { calledWith } from '../activity/called-with.js';
import { attemptOf, interrupted } from '../activity/interruption.js';
import { begin, NOT_REGISTERED } from '../task/attempts.js';
import { stepName } from '../task/names.js';
import { isStepCall } from '../task/step-call.js';

/**
 * The longest pause before Temporal offers the step to the workers again, in seconds. With the usual back-off, it might
 * take minutes until one of several workers that has the step gets it.
 */
const LONGEST_PAUSE = 10;

/** @throws always */
export async function unregistered(...args: unknown[]): Promise<never> {
  const activity = Context.current();
  const { activityType } = activity.info;
  const last = args.at(-1);
  const call = isStepCall(last) ? last : calledWith(activity);
  const message = `This worker does not have ${stepName(activityType)}`;
  // The error that Temporal's SDK throws, for a workflow that does not wait.
  if (!call)
    throw ApplicationFailure.retryable(
      `Activity function ${activityType} is not registered on this Worker`,
      'NotFoundError',
    );
  if (!call.waiting) throw interrupted({ ...begin(call, attemptOf(activity)), waiting: true }, message);
  return await Promise.reject(
    ApplicationFailure.create({
      message,
      type: NOT_REGISTERED,
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: Math.min(activity.info.attempt, LONGEST_PAUSE) * 1_000,
    }),
  );
}
