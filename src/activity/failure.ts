/** Decides which errors of a step to retry. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';
import { droppedNote } from '../limits/cut-error.js';
import type { Progress } from '../task/progress.js';
import { hasReports, type StepReports } from '../task/step-call.js';

const PROGRAMMING_ERRORS = new Set([
  'TypeError',
  'ReferenceError',
  'SyntaxError',
  'RangeError',
  'EvalError',
  'URIError',
]);
const VALIDATION_ERRORS = new Set(['ZodError', 'AssertionError', 'ValidationError', 'SchemaError', 'ValiError']);

/**
 * Returns whether a retry can help. A programming or validation error fails the same way every time, so it cannot. The
 * exception is a `TypeError` with a `cause`: this is how `fetch` reports an unreachable host.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return error.nonRetryable !== true;
  if (!(error instanceof Error)) return true;
  if (error.name === 'TypeError' && error.cause !== undefined) return true;
  return !PROGRAMMING_ERRORS.has(error.name) && !VALIDATION_ERRORS.has(error.name);
}

/** Returns the error to throw to Temporal: unchanged if Temporal's own rules fit, else marked as non-retryable. */
export function toFailure(error: unknown): unknown {
  if (!hasMessage(error)) return new Error(`It threw ${thrown(error)} instead of an error`);
  if (error instanceof ApplicationFailure || isRetryable(error)) return error;
  return ApplicationFailure.fromError(error, { nonRetryable: true });
}

/** Whether Temporal's SDK finds a message in what was thrown. */
function hasMessage(error: unknown): boolean {
  if (error instanceof Error) return true;
  if (typeof error === 'object' && error !== null) return typeof (error as Partial<Error>).message === 'string';
  return error !== undefined && error !== null;
}

function thrown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'an object';
  }
}

/**
 * Returns the failure with the step's reports as its last detail, or without them if its details would be too large. A
 * step that fails for good has no result that could carry them.
 */
export function withReports(error: unknown, reports: readonly Progress[]): unknown {
  const details = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  const last: StepReports = { mcpStep: 1, reports };
  // The same error may have been thrown before.
  const all = [...details.filter((detail) => !hasReports(detail)), last];
  return droppedNote('Its details', all) === undefined ? ApplicationFailure.fromError(error, { details: all }) : error;
}
