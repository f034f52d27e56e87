/** Goes on through a server that is away for a while. @module */
import { ProtocolError, SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import pRetry from 'p-retry';

/** Errors of this side that trying again does not change. */
const FINAL = new Set<string>([SdkErrorCode.NotConnected, SdkErrorCode.NotInitialized, SdkErrorCode.CapabilityNotSupported, SdkErrorCode.InvalidResult, SdkErrorCode.UnsupportedResultType]);
/** JSON-RPC's internal error, which a server whose Temporal is away answers with. */
const INTERNAL_ERROR = -32603;

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
export async function patiently<T>(request: () => Promise<T>, { patience, signal, answersAreFinal = false }: Patience): Promise<T> {
  return await pRetry(request, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: patience,
    minTimeout: 500,
    maxTimeout: 10_000,
    shouldRetry: ({ error }) => mayPass(error, answersAreFinal),
    ...(signal ? { signal } : {}),
  });
}

function mayPass(error: unknown, answersAreFinal: boolean): boolean {
  if (ProtocolError.isInstance(error)) return !answersAreFinal && error.code === INTERNAL_ERROR;
  if (SdkError.isInstance(error)) return !FINAL.has(error.code);
  return true;
}
