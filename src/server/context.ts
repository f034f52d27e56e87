/** Converts a request of this SDK to the context that the handlers take. @module */
import { CLIENT_CAPABILITIES_META_KEY, type McpServer, type ServerContext } from '@modelcontextprotocol/server';
import type { RequestContext, StateCodec } from '../protocol/request.js';
import type { Peer } from '../mcp/sessions/peer.js';
import type { Stream } from '../protocol/stream.js';
import { openStream } from './seam.js';

/** The client of a server instance. Over HTTP an instance serves one request, over stdio one connection. */
export interface ConnectedPeer extends Pick<Peer, 'owner' | 'session' | 'expired' | 'limited'> {
  /** stdio only: the connection's single stream. */
  readonly connection?: Stream;
  /** HTTP only: the version that the request states in its header. */
  readonly version?: string | undefined;
}

export function requestContext(
  mcp: McpServer,
  { owner, session, expired, limited, connection, version }: ConnectedPeer,
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
    open: () => openStream(transport),
    async send(message) {
      if (!transport) throw new Error('the connection has closed');
      await transport.send(message, { relatedRequestId });
    },
  };
  return {
    owner,
    requestId: relatedRequestId,
    signal,
    expired,
    limited,
    version: version ?? session?.version ?? mcp.server.getNegotiatedProtocolVersion(),
    meta,
    capabilities: (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Readonly<Record<string, unknown>>,
    stream: connection ?? own,
    ...(inputResponses ? { inputResponses } : {}),
    requestState: { given: mcpReq.requestState(), codec },
  };
}
