/**
 * The errors that a tool, step or workflow throws to decide how its task ends. Each is a Temporal `ApplicationFailure`,
 * so throwing one in an activity or in workflow code works without a wrapper: retries stop and the workflow fails.
 * @module
 */
import { ApplicationFailure } from '@temporalio/common';
import { droppedNote } from '../limits/cut-error.js';
import { cut, LONGEST_ERROR } from '../limits/limits.js';

export const TOOL_ERROR = 'ToolError';
export const TASK_ERROR = 'TaskError';
const INPUT_UNAVAILABLE = 'InputUnavailable';

/**
 * Says that the tool could not do what was asked and that retrying will not help. Ends the task at once with a tool
 * result whose `isError` is true and whose text is `message`. The model reads that text. It is cut after 100,000
 * characters.
 *
 * @example throw new ToolError('rows.csv, line 17, column "age": "abc" is not a number');
 */
export class ToolError extends ApplicationFailure {
  constructor(message: string, options: { cause?: Error } = {}) {
    super(cut(message, LONGEST_ERROR), TOOL_ERROR, true, undefined, options.cause);
  }
}

/**
 * Ends the task at once with this JSON-RPC error.
 *
 * @param code the JSON-RPC error code, an integer
 * @param message the JSON-RPC error message; cut after 100,000 characters
 * @param data the JSON-RPC error's `data`: JSON of at most 1,000,000 bytes. Otherwise the data is dropped, and the
 * message says so.
 * @example throw new TaskError(-32002, 'Resource not found', { uri });
 */
export class TaskError extends ApplicationFailure {
  constructor(code: number, message: string, data?: unknown) {
    const dropped = data === undefined ? undefined : droppedNote('Its data', data);
    const text = cut(message, LONGEST_ERROR);
    const kept = data === undefined || dropped !== undefined ? { code } : { code, data };
    super(dropped === undefined ? text : `${text} (${dropped})`, TASK_ERROR, true, [kept]);
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
