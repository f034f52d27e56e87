/** Retries requests while the server is temporarily unavailable. @module */
import pRetry from 'p-retry';
import { isRetryable } from './errors.js';

export interface Patience {
  /** How long the server may be unavailable, in milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  /**
   * Whether an error from the server is the final answer, as with `tasks/result`, where it is the task's own.
   * @default false
   */
  readonly answersAreFinal?: boolean;
}

/**
 * Repeats `request`, after pauses from 0.5 s to 10 s, while the server is unreachable or temporarily unable to answer.
 * Only for requests that change nothing.
 */
export async function patiently<T>(
  request: () => Promise<T>,
  { patience, signal, answersAreFinal = false }: Patience,
): Promise<T> {
  return await pRetry(request, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: patience,
    minTimeout: 500,
    maxTimeout: 10_000,
    shouldRetry: ({ error }) => isRetryable(error, answersAreFinal),
    ...(signal ? { signal } : {}),
  });
}
