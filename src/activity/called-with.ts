/**
 * The {@link StepCall} that an activity was called with in its headers. An interceptor of the worker notes it here,
 * because activity code cannot see headers.
 * @module
 */
import type { Context } from '@temporalio/activity';
import type { StepCall } from '../task/step-call.js';

const calls = new WeakMap<Context, StepCall>();

export function noteCall(activity: Context, call: StepCall): void {
  calls.set(activity, call);
}

export function calledWith(activity: Context): StepCall | undefined {
  return calls.get(activity);
}
