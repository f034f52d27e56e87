/**
 * The one place that reaches into `@modelcontextprotocol/client`: in 2026-07-28 it refuses every answer to `tools/call`
 * that is a task handle, before any caller sees it. So the handle is moved to where the client lets it pass.
 * @module
 */
import type { Client, Transport } from '@modelcontextprotocol/client';

/** Where the moved task handle is, in the result's `_meta`. */
export const MOVED_TASK = 'mcp-tasks-temporal/task';

const tapped = new WeakSet<Transport>();

/** Lets task handles through on the client's present connection; on HTTP and stdio alike, once a connection. */
export function letTasksThrough({ transport }: Client): void {
  if (!transport?.onmessage || tapped.has(transport)) return;
  const deliver = transport.onmessage.bind(transport);
  transport.onmessage = (message, extra) => deliver(moveTask(message), extra);
  tapped.add(transport);
}

type Message = Parameters<NonNullable<Transport['onmessage']>>[0];

function moveTask(message: Message): Message {
  if (!('result' in message) || (message.result as { resultType?: unknown }).resultType !== 'task') return message;
  const { _meta, ...task } = message.result;
  return { ...message, result: { resultType: 'complete', content: [], _meta: { ..._meta, [MOVED_TASK]: task } } };
}
