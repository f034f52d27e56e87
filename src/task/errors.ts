/**
 * The errors that this package itself reports. What a tool throws is separate: `ToolError` and `TaskError` travel
 * through Temporal.
 * @module
 */

/** What happened, for code that handles errors. */
export type McpTasksErrorCode =
  /** The caller has no task with this ID: it is unknown, malformed, expired or another owner's. */
  | 'TASK_NOT_FOUND'
  /** The task has ended, so it can no longer be cancelled or answered. */
  | 'TASK_ENDED'
  /** The arguments of a call do not match the tool's input schema, or are too large. */
  | 'INVALID_ARGUMENTS'
  /** The idempotency key of a call belongs to a task with other arguments. */
  | 'KEY_REUSED'
  /**
   * The task of the call's idempotency key is cancelled, but its work has not ended yet; or other calls' tasks with this
   * key expired at once. Retrying later helps.
   */
  | 'TASK_ENDING'
  /** This server did not issue the list cursor. */
  | 'INVALID_CURSOR'
  /** No worker took an answer in time. The caller should send it again. */
  | 'NO_WORKER'
  /** The task's workflow has accepted as many updates as Temporal allows, so it cannot take this one. */
  | 'UPDATE_LIMIT'
  /** Temporal did not answer within the deadline. Retrying later may help. */
  | 'TEMPORAL_UNAVAILABLE'
  /** Temporal denied a request: permissions, credentials or namespace are wrong. An operator must fix it. */
  | 'TEMPORAL_REFUSED'
  /** A payload codec failed. Retrying later may help. */
  | 'CODEC_FAILED'
  /** A workflow's payload is in an encoding that this server does not know or its codec cannot decode. */
  | 'PAYLOAD_UNREADABLE'
  /** A local service (Temporal dev server, PostgreSQL) could not be started. */
  | 'LOCAL_SERVICE'
  /** The worker's workflow bundle lacks a workflow that the tools need. */
  | 'WORKFLOWS_MISSING'
  /** An option, environment variable or file is wrong. */
  | 'CONFIGURATION';

/** The only error class of this package: `code` says what happened, `message` what to do about it. */
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

/**
 * Returns whether this package reported the error, with this code if one is given.
 *
 * @example
 * try {
 *   await DurableTasks.connect({ tools });
 * } catch (error) {
 *   if (!isMcpTasksError(error, 'LOCAL_SERVICE')) throw error;
 *   console.error(error.message);
 * }
 */
export function isMcpTasksError(error: unknown, code?: McpTasksErrorCode): error is McpTasksError {
  return error instanceof McpTasksError && (code === undefined || error.code === code);
}

/** Returns the root cause of an error: the innermost `cause`, or the error itself. */
export function origin(error: Error): Error {
  return error.cause instanceof Error ? origin(error.cause) : error;
}
