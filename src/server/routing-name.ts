/**
 * Tolerates a missing `Mcp-Name` header. Clients that state their version in every request must name the task in it,
 * for routing, but some widespread clients omit it on `tasks/*`. Here any server process can answer for any task, so a
 * missing name is filled in from the body. A wrong name is still refused, and so is a missing `Mcp-Method`.
 * @module
 */
import type { PeerHandler } from '../mcp/sessions/sessions-http.js';
import type { ProtocolVersion } from '../protocol/version.js';

export function fillRoutingName(handler: PeerHandler, versions: readonly ProtocolVersion[]): PeerHandler {
  const methods = new Set(
    versions.filter(({ stated }) => stated === 'in-requests').flatMap((version) => Object.keys(version.methods)),
  );
  return {
    ...handler,
    fetch: async (request, given, peer) => await handler.fetch(named(request, methods, given.parsedBody), given, peer),
  };
}

function named(request: Request, methods: ReadonlySet<string>, body: unknown): Request {
  const { headers } = request;
  if (request.method !== 'POST' || headers.has('mcp-name') || !methods.has(headers.get('mcp-method') ?? ''))
    return request;
  const taskId = (body as { params?: { taskId?: unknown } } | null | undefined)?.params?.taskId;
  if (typeof taskId !== 'string' || !isHeaderValue(taskId)) return request;
  const filled = new Headers(headers);
  filled.set('mcp-name', taskId);
  // The body has been read. Without one, the request could not be copied.
  return new Request(request, { method: 'POST', headers: filled, body: '' });
}

/** Returns whether `text` is printable ASCII. Anything else is not a task ID and could not be a header value. */
function isHeaderValue(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
