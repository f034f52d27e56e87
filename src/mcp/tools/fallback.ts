/** The fallback for clients that do not speak tasks: which calls are answered with a handle, and when. @module */
import { McpTasksError } from '../../task/errors.js';
import type { DurableTool } from '../../tool/define-tool.js';

/** The companion tools, with which a client that does not speak tasks follows up on one. */
export const WAIT = 'task_wait';
export const CANCEL = 'task_cancel';
export const LIST = 'task_list';

export interface Fallback {
  /**
   * The tools whose calls are answered with a handle after the budget. Calls of all other tools wait until the task
   * ends.
   */
  readonly handles: ReadonlySet<string>;
  /** How long such a call waits before that, in milliseconds. Also the longest wait of `task_wait`. */
  readonly budget: number;
}

/** The longest delay of a Node timer, in milliseconds. With a longer one it fires immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Determines which tools' calls are answered with a handle.
 * @param server the fallback of tools that do not set one
 * @param budget see {@link Fallback.budget}
 * @throws McpTasksError `CONFIGURATION` if a tool has the name of a companion that is needed, or if the budget is not
 * greater than 0 or exceeds a timer's limit of about 24 days
 */
export function fallbackOf(
  tools: ReadonlyMap<string, DurableTool>,
  server: 'await' | 'handle',
  budget: number,
): Fallback {
  if (!(budget > 0 && budget <= LONGEST_TIMER))
    throw new McpTasksError('CONFIGURATION', 'handleAfter must be greater than 0 and at most 24 days');
  // Only calls of an optional tool may or may not become tasks; for other tools it is fixed.
  const handles = [...tools.values()].filter(
    (tool) => tool.taskSupport === 'optional' && (tool.fallback ?? server) === 'handle',
  );
  const taken = handles.length > 0 ? [WAIT, CANCEL, LIST].find((name) => tools.has(name)) : undefined;
  if (taken !== undefined) throw nameTaken(taken);
  return { handles: new Set(handles.map(({ name }) => name)), budget };
}

export function nameTaken(name: string): McpTasksError {
  return new McpTasksError(
    'CONFIGURATION',
    `fallback: 'handle' adds a tool named "${name}", but the server already has one. Rename yours, or set fallback: 'await'.`,
  );
}
