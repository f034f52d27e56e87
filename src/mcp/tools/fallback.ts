/** What clients that do not speak tasks get: which calls are answered with a handle, and when. @module */
import { McpTasksError } from '../../task/errors.js';
import type { DurableTool } from '../../tool/define-tool.js';

/** The tools with which a client that does not speak tasks follows one up. */
export const WAIT = 'task_wait';
export const CANCEL = 'task_cancel';
export const LIST = 'task_list';

export interface Fallback {
  /** The tools whose calls are answered with a handle after the budget; those of all others wait for the end. */
  readonly handles: ReadonlySet<string>;
  /** How long a call waits before, in milliseconds; also the longest wait of `task_wait`. */
  readonly budget: number;
}

/** Beyond this a timer of Node fires at once, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @param server the fallback of tools that name none
 * @throws McpTasksError `CONFIGURATION` if a tool has the name of a companion, or for a budget that is none
 */
export function fallbackOf(
  tools: ReadonlyMap<string, DurableTool>,
  server: 'await' | 'handle',
  budget: number,
): Fallback {
  if (!(budget > 0 && budget <= LONGEST_TIMER))
    throw new McpTasksError('CONFIGURATION', 'handleAfter has to be longer than nothing and shorter than 24 days');
  // Only of an optional tool a call may or may not become a task.
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
    `fallback 'handle' adds a tool named "${name}", and the server has one already: rename that, or choose fallback 'await'`,
  );
}
