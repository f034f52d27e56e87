/** JSON-RPC errors, and the mapping of this package's own errors to them. @module */
import type { Logger } from '../../local/log.js';
import { McpTasksError, origin, type McpTasksErrorCode } from '../../task/errors.js';
import type { RpcError } from '../../task/task.js';
import { CancelledByClient } from './cancellations.js';

export const RPC = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  missingClientCapability: -32021,
} as const;

/** A JSON-RPC error to answer with. Both SDKs send an error that has a code unchanged. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

export function rpcFault({ code, message, data }: RpcError): RpcFault {
  return new RpcFault(code, message, data);
}

export function methodNotFound(message: string): RpcFault {
  return new RpcFault(RPC.methodNotFound, message);
}

export function invalidParams(message: string): RpcFault {
  return new RpcFault(RPC.invalidParams, message);
}

const INVALID_PARAMS: ReadonlySet<McpTasksErrorCode> = new Set([
  'TASK_NOT_FOUND',
  'TASK_ENDED',
  'INVALID_ARGUMENTS',
  'KEY_REUSED',
  'INVALID_CURSOR',
]);

/** Temporary errors: the same request may well succeed a little later. */
const PASSING: ReadonlySet<McpTasksErrorCode> = new Set(['TEMPORAL_UNAVAILABLE', 'CODEC_FAILED', 'NO_WORKER']);

/** Returns whether a retry a little later may well succeed; true for every error that is not this package's. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof McpTasksError) || PASSING.has(error.code);
}

/** Converts an error of this package to the JSON-RPC error that the client gets. */
export function faultOf({ code, message }: McpTasksError): RpcFault {
  if (INVALID_PARAMS.has(code)) return invalidParams(message);
  return new RpcFault(RPC.internalError, message, PASSING.has(code) ? { retryable: true } : undefined);
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
      throw new RpcFault(RPC.internalError, "Internal error; the server's log says more");
    }
    // Temporary errors get a short log line: while Temporal is down, many identical ones occur.
    if (!INVALID_PARAMS.has(error.code))
      logger.warn(
        { ...about, ...(mayPass(error) ? { code: error.code, reason: origin(error).message } : { err: error }) },
        'request could not be answered',
      );
    throw faultOf(error);
  }
}
