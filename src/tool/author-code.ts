/** Runs the functions of a tool's author that get a caller's arguments. @module */
import { McpTasksError } from '../task/errors.js';

/**
 * Returns the error to throw, and to log, for one that an author's function has thrown: its type and where it came from.
 * Its message is left out, because it may quote the arguments, which are never logged.
 *
 * @param what names the function
 */
export function withoutMessage(what: string, error: unknown): Error {
  if (error instanceof McpTasksError) return error;
  const thrown = new Error(
    `${what} threw ${error instanceof Error ? `a ${error.name}` : 'something else than an Error'}. Its message is not logged, because it may quote the arguments`,
  );
  thrown.stack = `${thrown.name}: ${thrown.message}${framesOf(error)}`;
  return thrown;
}

/** Returns the call stack after an error's message; nothing if the two cannot be separated. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return '';
  const header = `${error.name}: ${error.message}\n`;
  return error.message !== '' && error.stack.startsWith(header) ? `\n${error.stack.slice(header.length)}` : '';
}
