/**
 * A leniency: 2026-07-28 has clients name the task in the header `Mcp-Name`, for routing, and some widespread ones do not on
 * `tasks/*`. Any server process answers for any task here, so a missing name is filled in from the body; a wrong one is
 * still refused, and so is a missing `Mcp-Method`.
 * @module
 */
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { peekBody } from '../mcp/request/body.js';

const METHODS = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

export function fillRoutingName(handler: McpHttpHandler): McpHttpHandler {
  return {
    ...handler,
    fetch: async (request, options) => await handler.fetch(await named(request, options?.parsedBody), options),
  };
}

async function named(request: Request, parsedBody: unknown): Promise<Request> {
  const { headers } = request;
  if (request.method !== 'POST' || headers.has('mcp-name') || !METHODS.has(headers.get('mcp-method') ?? ''))
    return request;
  // Read from a copy: whatever is wrong with the body is the SDK's to say.
  const body = await peekBody(request, parsedBody);
  const taskId = (body as { params?: { taskId?: unknown } } | undefined)?.params?.taskId;
  if (typeof taskId !== 'string' || !isHeaderValue(taskId)) return request;
  const filled = new Headers(headers);
  filled.set('mcp-name', taskId);
  return new Request(request, { headers: filled });
}

/** Printable ASCII; anything else is no task ID, and could not be a header. */
function isHeaderValue(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
