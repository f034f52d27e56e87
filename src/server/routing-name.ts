/**
 * Tolerates a missing `Mcp-Name` header. Clients that state their version in every request must name the task in it,
 * for routing, but some widespread clients omit it on `tasks/*`. Here any server process can answer for any task, so a
 * missing name is filled in from the body. A wrong name is still refused, and so is a missing `Mcp-Method`.
 * @module
 */
import { peekBody } from '../mcp/request/body.js';
import type { PeerHandler } from '../mcp/sessions/sessions-http.js';
import type { ProtocolVersion } from '../protocol/version.js';

/** @param largest the maximum size of a body, in bytes */
export function fillRoutingName(
  handler: PeerHandler,
  versions: readonly ProtocolVersion[],
  largest: number,
): PeerHandler {
  const methods = new Set(
    versions.filter(({ stated }) => stated === 'in-requests').flatMap((version) => Object.keys(version.methods)),
  );
  return {
    ...handler,
    fetch: async (request, given, peer) =>
      await handler.fetch(await named(request, { methods, largest }, given.parsedBody), given, peer),
  };
}

async function named(
  request: Request,
  { methods, largest }: { readonly methods: ReadonlySet<string>; readonly largest: number },
  parsedBody: unknown,
): Promise<Request> {
  const { headers } = request;
  if (request.method !== 'POST' || headers.has('mcp-name') || !methods.has(headers.get('mcp-method') ?? ''))
    return request;
  // Reads from a copy, so that the SDK still reports any problem with the body.
  const body = await peekBody(request, parsedBody, largest);
  const taskId = (body as { params?: { taskId?: unknown } } | undefined)?.params?.taskId;
  if (typeof taskId !== 'string' || !isHeaderValue(taskId)) return request;
  const filled = new Headers(headers);
  filled.set('mcp-name', taskId);
  return new Request(request, { headers: filled });
}

/** Returns whether `text` is printable ASCII. Anything else is not a task ID and could not be a header value. */
function isHeaderValue(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
