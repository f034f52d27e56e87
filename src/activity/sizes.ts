/** Keeps what a step sends within Temporal's limits. @module */
import type { Context } from '@temporalio/activity';
import { defaultDataConverter, type LoadedDataConverter } from '@temporalio/common';
import { encodedSize, type EncodedSize } from '../limits/encoded-size.js';
import { jsonSize } from '../limits/json-size.js';
import { LARGEST_CHECKPOINT, tooLarge } from '../limits/limits.js';
import { stepName } from '../task/names.js';
import type { Progress } from '../task/progress.js';
import type { StepResult } from '../task/step-call.js';
import { ToolError } from '../tool/errors.js';

/**
 * Returns the step's result if Temporal can take it. Temporal's own answer to a larger one says nothing, or the worker
 * would resend it until the step times out.
 * @throws ToolError if it is too large
 */
export async function fittingResult<Result>(activity: Context, result: Result): Promise<Result> {
  const { size, limit } = await sizeOf(activity, result);
  if (size <= limit) return result;
  throw new ToolError(tooLarge(`The result of ${stepName(activity.info.activityType)} is`, size, 'result', limit));
}

/**
 * Returns the step's result with its reports, or without them if it is too large for both: reports are never a reason
 * to fail, nor to put a result into external storage.
 * @throws ToolError if the result alone is too large
 */
export async function reportedResult<Result>(
  activity: Context,
  result: Result,
  reports: readonly Progress[],
): Promise<Result> {
  const reported: StepResult = { mcpStep: 1, value: result, reports };
  const { size, limit, stored } = await sizeOf(activity, reported);
  return size <= limit && !stored ? (reported as Result) : await fittingResult(activity, result);
}

async function sizeOf(activity: Context, result: unknown): Promise<EncodedSize> {
  const { activityId, namespace, workflowExecution, isLocal } = activity.info;
  return await encodedSize(converterOf(activity), [result], {
    type: 'activity',
    namespace,
    activityId,
    isLocal,
    ...(workflowExecution ? { workflowId: workflowExecution.workflowId } : {}),
  });
}

/**
 * Throws if a checkpoint cannot be sent. Temporal would end the step, or never get the checkpoint.
 * @throws ToolError if it is too large
 */
export function checkCheckpoint(value: unknown): void {
  const size = jsonSize([value]);
  if (size > LARGEST_CHECKPOINT)
    throw new ToolError(tooLarge('The checkpoint is', size, 'checkpoint', LARGEST_CHECKPOINT));
}

/** Returns the worker's data converter. A mocked activity context has none. */
function converterOf(activity: Context): LoadedDataConverter {
  try {
    return activity.client.options.loadedDataConverter;
  } catch {
    return defaultDataConverter;
  }
}
