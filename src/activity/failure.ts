/** Which errors of a step are worth another attempt. Pure. @module */
import { ApplicationFailure } from '@temporalio/common';

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
 * A programming or validation error fails the same way every time, so it is not retried.
 * One exception: `fetch` reports an unreachable host as a `TypeError` with a `cause`, which is worth retrying.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return error.nonRetryable !== true;
  if (!(error instanceof Error)) return true;
  if (error.name === 'TypeError' && error.cause !== undefined) return true;
  return !PROGRAMMING_ERRORS.has(error.name) && !VALIDATION_ERRORS.has(error.name);
}

/** The error to hand to Temporal: unchanged where Temporal's own rules already fit, else marked as not worth a retry. */
export function toFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || isRetryable(error)) return error;
  return ApplicationFailure.fromError(error, { nonRetryable: true });
}
