/** JSON-RPC errors, and this package's own errors as such. @module */
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

/** An answer that is a JSON-RPC error. Both SDKs send an error with a code as it is. */
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

/** The same request may well be answered a little later. */
const PASSING: ReadonlySet<McpTasksErrorCode> = new Set(['TEMPORAL_UNAVAILABLE', 'CODEC_FAILED', 'NO_WORKER']);

/** Whether the same, done again a little later, may well succeed. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof McpTasksError) || PASSING.has(error.code);
}

/** An error of this package as a client gets it. */
export function faultOf({ code, message }: McpTasksError): RpcFault {
  if (INVALID_PARAMS.has(code)) return invalidParams(message);
  return new RpcFault(RPC.internalError, message, PASSING.has(code) ? { retryable: true } : undefined);
}

/**
 * Runs `handle` and reports what it throws as the protocol has it. What is nobody's fault but the server's goes to the log
 * in full; the client gets the message of an error that is meant for it, and of any other only that there was one.
 * @param about what the log line is to say besides the error: method, task ID, tool
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
    // The client has gone, or cancelled the request: nobody is there to be answered.
    if (error instanceof RpcFault || error instanceof CancelledByClient || aborted.aborted) throw error;
    if (!(error instanceof McpTasksError)) {
      logger.error({ ...about, err: error }, 'request failed');
      throw new RpcFault(RPC.internalError, "Internal error; the server's log says more");
    }
    // While Temporal is away there are many of them, all alike.
    if (!INVALID_PARAMS.has(error.code))
      logger.warn(
        { ...about, ...(mayPass(error) ? { code: error.code, reason: origin(error).message } : { err: error }) },
        'request could not be answered',
      );
    throw faultOf(error);
  }
}
