/** Maps this package's own errors to JSON-RPC errors. @module */
import type { Logger } from '../../local/log.js';
import { CancelledByClient, invalidParams, RPC, RpcFault } from '../../protocol/errors.js';
import { McpTasksError, origin, type McpTasksErrorCode } from '../../task/errors.js';

const INVALID_PARAMS: ReadonlySet<McpTasksErrorCode> = new Set([
  'TASK_NOT_FOUND',
  'TASK_ENDED',
  'INVALID_ARGUMENTS',
  'KEY_REUSED',
  'INVALID_CURSOR',
]);

const TEMPORARY: ReadonlySet<McpTasksErrorCode> = new Set([
  'TEMPORAL_UNAVAILABLE',
  'CODEC_FAILED',
  'NO_WORKER',
  'TASK_ENDING',
]);

/** Returns whether a later retry may succeed. Errors from outside this package count as temporary. */
export function isTemporary(error: unknown): boolean {
  return !(error instanceof McpTasksError) || TEMPORARY.has(error.code);
}

/** Converts an error of this package to the JSON-RPC error that the client gets. */
export function faultOf({ code, message }: McpTasksError): RpcFault {
  if (INVALID_PARAMS.has(code)) return invalidParams(message);
  return new RpcFault(RPC.internalError, message, TEMPORARY.has(code) ? { retryable: true } : undefined);
}

/**
 * Runs `handle` and converts what it throws to JSON-RPC errors. Server-side failures are logged; errors that the client
 * caused are not. The client gets the message of this package's errors; for any other error it learns only that one
 * occurred.
 * @param about log fields besides the error: method, task ID, tool
 */
export async function asRpcFaults<T>(
  logger: Logger,
  about: object,
  aborted: AbortSignal,
  handle: () => Promise<T>,
): Promise<T> {
  try {
    return await handle();
  } catch (error) {
    // It is already a JSON-RPC error, or the client hung up or cancelled and nobody waits for an answer.
    if (error instanceof RpcFault || error instanceof CancelledByClient || aborted.aborted) throw error;
    if (!(error instanceof McpTasksError)) {
      logger.error({ ...about, err: error }, 'request failed');
      throw new RpcFault(RPC.internalError, "Internal error; see the server's log");
    }
    // Temporary errors get a short log line: while Temporal is down, many identical ones occur.
    if (!INVALID_PARAMS.has(error.code))
      logger.warn(
        { ...about, ...(isTemporary(error) ? { code: error.code, reason: origin(error).message } : { err: error }) },
        'could not answer a request',
      );
    throw faultOf(error);
  }
}
