/**
 * Moves a task handle to where a client accepts it: in 2026-07-28 the client rejects one as the answer to `tools/call`.
 * @module
 */
import type { Message } from './message.js';

/** The `_meta` field that a task handle is moved to. */
export const MOVED_TASK = 'mcp-tasks-temporal/task';

/** Returns an answer that is a task handle as an empty tool result with the task in `_meta`; others unchanged. */
export function moveTask(message: Message): Message {
  if (message.result?.['resultType'] !== 'task') return message;
  const { _meta, ...task } = message.result;
  return {
    ...message,
    result: { resultType: 'complete', content: [], _meta: { ...(_meta as object | undefined), [MOVED_TASK]: task } },
  };
}
