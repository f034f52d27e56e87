/**
 * The errors this package itself reports, apart from what a tool throws
 * (`ToolError` and `TaskError`, which travel through Temporal).
 * @module
 */

export type McpTasksErrorCode =
  /** No task with this ID that the caller may see: unknown, malformed, expired or somebody else's. */
  | 'TASK_NOT_FOUND'
  /** The task has ended, so it cannot be cancelled or answered any more. */
  | 'TASK_ENDED'
  /** The arguments of a call do not fit the tool's input schema, or are too large. */
  | 'INVALID_ARGUMENTS'
  /** The idempotency key of a call belongs to a task with other arguments. */
  | 'KEY_REUSED'
  /** A list cursor that this server did not issue. */
  | 'INVALID_CURSOR'
  /** No worker took an answer in time; the caller should send it again. */
  | 'NO_WORKER'
  /** Temporal did not answer within the deadline; retrying later may help. */
  | 'TEMPORAL_UNAVAILABLE'
  /** Temporal refuses what this server asks of it: rights, credentials, namespace. An operator has to see to it. */
  | 'TEMPORAL_REFUSED'
  /** A payload codec failed; it may do its work later. */
  | 'CODEC_FAILED'
  /** What a workflow wrote is in an encoding that is not known here, or that its codec cannot decode. */
  | 'PAYLOAD_UNREADABLE'
  /** A local service (Temporal dev server, PostgreSQL) could not be started. */
  | 'LOCAL_SERVICE'
  /** The worker's workflow bundle lacks a workflow that the tools need. */
  | 'WORKFLOWS_MISSING'
  /** An option, environment variable or file is wrong. */
  | 'CONFIGURATION';

/** The one error class of this package; `code` tells what happened, `message` what to do about it. */
export class McpTasksError extends Error {
  override readonly name = 'McpTasksError';

  constructor(
    readonly code: McpTasksErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export function isMcpTasksError(error: unknown, code?: McpTasksErrorCode): error is McpTasksError {
  return error instanceof McpTasksError && (code === undefined || error.code === code);
}

/** What an error began with: the cause that has none. */
export function origin(error: Error): Error {
  return error.cause instanceof Error ? origin(error.cause) : error;
}
