/** Retries requests while the server is temporarily unavailable. @module */
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { isRetryable, retryAfterOf } from './errors.js';

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
  const until = performance.now() + patience;
  return await pRetry(request, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: patience,
    minTimeout: 500,
    maxTimeout: 10_000,
    shouldRetry: ({ error }) => isRetryable(error, answersAreFinal) && isInTime(error, until),
    onFailedAttempt: async ({ error }) => await untilAllowed(error, until, signal),
    ...(signal ? { signal } : {}),
  });
}

/** Repeats `request` while a limit refuses it, when the server says so. For any request: a refused one changed nothing. */
export async function withinLimits<T>(
  request: () => Promise<T>,
  { patience, signal }: Omit<Patience, 'answersAreFinal'>,
): Promise<T> {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (retryAfterOf(error) === undefined || !isInTime(error, until)) throw error;
      await untilAllowed(error, until, signal);
    }
  }
}

function isInTime(error: unknown, until: number): boolean {
  return performance.now() + (retryAfterOf(error) ?? 0) < until;
}

/** Waits until a request that a limit has refused may be sent again. */
async function untilAllowed(error: unknown, until: number, signal: AbortSignal | undefined): Promise<void> {
  const wait = retryAfterOf(error);
  if (wait !== undefined && isInTime(error, until)) await delay(wait, undefined, signal ? { signal } : {});
}
