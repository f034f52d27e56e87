/** Keeps what a step sends within Temporal's limits. @module */
import type { Context } from '@temporalio/activity';
import { encodedSize, type EncodedSize } from '../limits/encoded-size.js';
import { jsonSize } from '../limits/json-size.js';
import { LARGEST_CHECKPOINT, tooLarge } from '../limits/limits.js';
import { stepName } from '../task/names.js';
import { ToolError } from '../tool/errors.js';
import { converterOf } from './converter.js';

/**
 * Returns the step's result if it fits Temporal's limits. Otherwise Temporal's own error would not say why, or the
 * worker would resend the result until the step times out.
 * @throws ToolError if it is too large
 */
export async function fittingResult<Result>(activity: Context, result: Result): Promise<Result> {
  const { size, limit } = await sizeOf(activity, [result]);
  if (size <= limit) return result;
  throw new ToolError(tooLarge(`The result of ${stepName(activity.info.activityType)} is`, size, 'result', limit));
}

/** Measures a step's result or arguments as Temporal receives them. */
export async function sizeOf(activity: Context, values: readonly unknown[]): Promise<EncodedSize> {
  const { activityId, namespace, workflowExecution, isLocal } = activity.info;
  return await encodedSize(converterOf(activity), values, {
    type: 'activity',
    namespace,
    activityId,
    isLocal,
    ...(workflowExecution ? { workflowId: workflowExecution.workflowId } : {}),
  });
}

/**
 * Throws if a checkpoint is too large to send: Temporal would end the step, or never receive the checkpoint.
 * @throws ToolError if it is too large
 */
export function checkCheckpoint(value: unknown): void {
  const size = jsonSize([value]);
  if (size > LARGEST_CHECKPOINT)
    throw new ToolError(tooLarge('The checkpoint is', size, 'checkpoint', LARGEST_CHECKPOINT));
}
