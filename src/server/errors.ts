/** This package's errors as JSON-RPC errors. @module */
import { MissingRequiredClientCapabilityError, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
import { TASKS_EXTENSION } from '../wire/v2026.js';

const INVALID_PARAMS: ReadonlySet<McpTasksErrorCode> = new Set(['TASK_NOT_FOUND', 'TASK_ENDED', 'INVALID_ARGUMENTS', 'INVALID_CURSOR']);

/** Runs `handle` and reports what it throws as the protocol has it; details of internal errors stay in the log. */
export async function asProtocolErrors<T>(handle: () => Promise<T>): Promise<T> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof McpTasksError)) throw error;
    throw new ProtocolError(INVALID_PARAMS.has(error.code) ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, error.message);
  }
}

/** -32021: the request does not declare the tasks extension. */
export function needsTasksExtension(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}

export function methodNotFound(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.MethodNotFound, message);
}
