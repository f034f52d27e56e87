/** Adds a step's reports of progress to its result. @module */
import type { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import { isNoJson } from '../limits/encoded-size.js';
import type { Progress } from '../task/progress.js';
import type { StepResult } from '../task/step-call.js';
import { converterOf } from './converter.js';
import { fittingResult, sizeOf } from './sizes.js';

/**
 * Returns the step's result with its reports. Returns the result alone if it can't be encoded inside an object, or if
 * both together are too large: reports must never make a step fail.
 * @throws ToolError if the result alone is too large
 */
export async function reportedResult<Result>(
  activity: Context,
  result: Result,
  reports: readonly Progress[],
): Promise<Result> {
  const reported: StepResult = { mcpStep: 1, value: result, reports };
  if (reports.length > 0 && haveSameEncoding(activity, result, reported)) {
    const { size, limit } = await sizeOf(activity, [reported]);
    if (size <= limit) return reported as Result;
  }
  return await fittingResult(activity, result);
}

/** Converters encode some values, such as bytes, in ways that don't work inside an object. */
function haveSameEncoding(activity: Context, result: unknown, reported: StepResult): boolean {
  if (result === undefined) return true;
  const { payloadConverter } = converterOf(activity);
  const [one, other] = [result, reported].map((value) => payloadConverter.toPayload(value)) as [Payload, Payload];
  if (isNoJson(one)) return false;
  return Buffer.compare(encodingOf(one), encodingOf(other)) === 0;
}

function encodingOf({ metadata }: Payload): Uint8Array {
  return metadata?.['encoding'] ?? Buffer.of();
}
