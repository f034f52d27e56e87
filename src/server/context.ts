/** A request of this SDK's as the handlers take it. @module */
import { CLIENT_CAPABILITIES_META_KEY, type McpServer, type ServerContext } from '@modelcontextprotocol/server';
import type { Owner } from '../mcp/request/owner.js';
import type { RequestContext, StateCodec } from '../mcp/request/request.js';
import type { Session } from '../mcp/sessions/session.js';
import type { Stream } from '../mcp/request/stream.js';

/** Who is at the other end of a server instance: over HTTP it serves one request, over stdio one connection. */
export interface Peer {
  readonly owner: Owner;
  /** HTTP: the session the request names. */
  readonly session?: Session | undefined;
  /** stdio: the one stream there is. */
  readonly connection?: Stream;
}

export function requestContext(
  mcp: McpServer,
  { owner, session, connection }: Peer,
  { mcpReq }: ServerContext,
  codec: StateCodec,
): RequestContext {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const { id: relatedRequestId, signal, _meta: meta = {}, inputResponses } = mcpReq;
  const { transport } = mcp.server;
  const own: Stream = {
    kind: 'request',
    session: session?.id,
    answers: session?.answers,
    async send(message) {
      if (!transport) throw new Error('the connection has closed');
      await transport.send(message, { relatedRequestId });
    },
  };
  return {
    owner,
    requestId: relatedRequestId,
    signal,
    meta,
    capabilities: (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Readonly<Record<string, unknown>>,
    stream: connection ?? own,
    ...(inputResponses ? { inputResponses } : {}),
    requestState: { given: mcpReq.requestState(), codec },
  };
}
