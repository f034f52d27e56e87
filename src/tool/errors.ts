/**
 * What a tool, a step or a workflow throws to say how a task ends. Both are Temporal
 * `ApplicationFailure`s, so that throwing one in an activity or in workflow code does the right thing
 * without any wrapper: the retries stop and the workflow fails.
 * @module
 */
import { ApplicationFailure } from '@temporalio/common';

export const TOOL_ERROR = 'ToolError';
export const TASK_ERROR = 'TaskError';
const INPUT_UNAVAILABLE = 'InputUnavailable';

/**
 * The tool could not do what was asked and trying again will not help: ends the task at once with a
 * tool result whose `isError` is true and whose text is `message`. The model reads that text.
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
 */
export class TaskError extends ApplicationFailure {
  constructor(code: number, message: string, data?: unknown) {
    super(message, TASK_ERROR, true, [data === undefined ? { code } : { code, data }]);
  }
}

/** Thrown in a workflow when what it asked for cannot be had. Not caught, it ends the task with a tool error of its message. */
export class InputUnavailable extends ApplicationFailure {
  constructor(message: string) {
    super(message, INPUT_UNAVAILABLE, true);
  }
}
