/** Decides which errors of a step to retry. Pure. @module */
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
 * Reports whether a retry can help. A programming or validation error fails the same way every time, so it cannot.
 * The exception is a `TypeError` with a `cause`: this is how `fetch` reports an unreachable host.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ApplicationFailure) return error.nonRetryable !== true;
  if (!(error instanceof Error)) return true;
  if (error.name === 'TypeError' && error.cause !== undefined) return true;
  return !PROGRAMMING_ERRORS.has(error.name) && !VALIDATION_ERRORS.has(error.name);
}

/** Returns the error to throw to Temporal: unchanged if Temporal's own rules fit, else marked as non-retryable. */
export function toFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || isRetryable(error)) return error;
  return ApplicationFailure.fromError(error, { nonRetryable: true });
}
