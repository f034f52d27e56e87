/** Copies a checkpoint as Temporal would store it. @module */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { converterOf } from './converter.js';

/**
 * Returns a copy of `value` that later changes to the original don't affect. The worker's own payload converter makes
 * it, so it equals what a retry would get.
 * @throws ApplicationFailure, not retryable, if the value cannot be encoded
 */
export function snapshot<T>(value: T, activity: Context): T {
  const { payloadConverter: converter } = converterOf(activity);
  try {
    // In an object, as in a heartbeat: a converter may encode a value on its own differently.
    return converter.fromPayload<{ value: T }>(converter.toPayload({ value })).value;
  } catch (error) {
    throw ApplicationFailure.create({
      message: 'The checkpoint cannot be encoded. Pass a JSON value: no BigInt, no circular references.',
      type: 'CheckpointError',
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}
