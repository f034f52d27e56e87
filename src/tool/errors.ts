/**
 * What a tool, step or workflow throws to say how a task ends. Each is a Temporal `ApplicationFailure`, so throwing one
 * in an activity or in workflow code works without a wrapper: retries stop and the workflow fails.
 * @module
 */
import { ApplicationFailure } from '@temporalio/common';

export const TOOL_ERROR = 'ToolError';
export const TASK_ERROR = 'TaskError';
const INPUT_UNAVAILABLE = 'InputUnavailable';

/**
 * Says that the tool could not do what was asked and that retrying will not help. Ends the task at once with a tool
 * result whose `isError` is true and whose text is `message`. The model reads that text.
 *
 * @example throw new ToolError('rows.csv, line 17, column "age": "abc" is not a number');
 */
export class ToolError extends ApplicationFailure {
  constructor(message: string, options: { cause?: Error } = {}) {
    super(message, TOOL_ERROR, true, undefined, options.cause);
  }
}

/**
 * Ends the task at once with this JSON-RPC error.
 *
 * @param code the JSON-RPC error code, an integer
 * @param message the JSON-RPC error message
 * @param data the JSON-RPC error's `data`; must be JSON
 * @example throw new TaskError(-32002, 'Resource not found', { uri });
 */
export class TaskError extends ApplicationFailure {
  constructor(code: number, message: string, data?: unknown) {
    super(message, TASK_ERROR, true, [data === undefined ? { code } : { code, data }]);
  }
}

/**
 * Thrown in a workflow when the input it asked for is unavailable. If uncaught, ends the task with a tool error with
 * this message.
 *
 * @example
 * const answer = await task.elicit(form).catch((error: unknown) => {
 *   if (error instanceof InputUnavailableError) return { action: 'cancel' as const };
 *   throw error;
 * });
 */
export class InputUnavailableError extends ApplicationFailure {
  constructor(message: string) {
    super(message, INPUT_UNAVAILABLE, true);
  }
}
