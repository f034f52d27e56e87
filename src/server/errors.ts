/** This package's errors as JSON-RPC errors. @module */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Logger } from '../local/log.js';
import { McpTasksError, type McpTasksErrorCode } from '../task/errors.js';

const INVALID_PARAMS: ReadonlySet<McpTasksErrorCode> = new Set(['TASK_NOT_FOUND', 'TASK_ENDED', 'INVALID_ARGUMENTS', 'INVALID_CURSOR']);

/**
 * Runs `handle` and reports what it throws as the protocol has it. What is nobody's fault but the server's goes to the log
 * in full; the client gets the message of an error that is meant for it, and of any other only that there was one.
 * @param about what the log line is to say besides the error: method, task ID, tool
 */
export async function asProtocolErrors<T>(logger: Logger, about: object, aborted: AbortSignal, handle: () => Promise<T>): Promise<T> {
  try {
    return await handle();
  } catch (error) {
    // The client has gone, or cancelled the request: nobody is there to be answered.
    if (error instanceof ProtocolError || aborted.aborted) throw error;
    if (!(error instanceof McpTasksError)) {
      logger.error({ ...about, err: error }, 'request failed');
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error; the server\'s log says more');
    }
    if (INVALID_PARAMS.has(error.code)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
    logger.warn({ ...about, err: error }, 'request could not be answered');
    throw new ProtocolError(ProtocolErrorCode.InternalError, error.message);
  }
}

export function methodNotFound(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.MethodNotFound, message);
}
