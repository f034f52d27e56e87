/** Goes on through a server that is away for a while. @module */
import pRetry from 'p-retry';
import { mayPass } from './errors.js';

export interface Patience {
  /** How long the server may be away, in milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  /** Whether an error that the server answers with is the answer, as to `tasks/result`, where it is the task's own. @default false */
  readonly answersAreFinal?: boolean;
}

/**
 * Runs `request` again, after pauses from 0.5 s to 10 s, while the server cannot be reached or cannot answer just now.
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
    shouldRetry: ({ error }) => mayPass(error, answersAreFinal),
    ...(signal ? { signal } : {}),
  });
}
