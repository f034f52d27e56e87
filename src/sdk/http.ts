/**
 * Serves Streamable HTTP without affinity: the author's factory makes a server for each POST.
 * @module
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { directAnswer, directWait, respondDirectly } from '../mcp/handlers/direct.js';
import { DirectStreams } from '../mcp/handlers/direct-streams.js';
import { finite, keepAliveOf, type StreamOptions } from '../mcp/http/handler-options.js';
import { RPC } from '../protocol/errors.js';
import type { AuthInfo } from '../mcp/request/owner.js';
import type { Peer } from '../mcp/sessions/peer.js';
import { serveSessions, type FetchHandler, type Given, type PeerHandler } from '../mcp/sessions/sessions-http.js';
import type { TaskService } from '../mcp/service.js';
import { capabilitiesFor } from '../task/input.js';
import { attachTasks } from './attach.js';
import { acceptedRequest } from './direct.js';
import type { PeerOf } from './link.js';
import { declareCapabilities, handles } from './seam.js';

/** Creates the server for a request, whose body has been read already. Add your ordinary (not durable) tools to it. */
export type ServerFactory = (given: {
  readonly request: Request;
  readonly authInfo: AuthInfo | undefined;
}) => McpServer | Promise<McpServer>;

export function httpHandler(
  service: TaskService,
  peerOf: PeerOf,
  factory: ServerFactory,
  options: StreamOptions,
): FetchHandler {
  const keepAliveMs = keepAliveOf(options);
  const serving = new Set<McpServer>();
  const streams = new DirectStreams(keepAliveMs);

  async function serve(request: Request, given: Given, peer: Peer): Promise<Response> {
    const { authInfo, parsedBody } = given;
    const accepted = acceptedRequest(service, { headers: request.headers, body: parsedBody });
    const from = { request, peer };
    const answer = accepted && (directAnswer(service, accepted, from) ?? directWait(service, accepted, from));
    const mcp = await factory({ request, authInfo });
    if (answer && isFree(mcp)) {
      if (typeof answer === 'function')
        return await respondDirectly(accepted, request, answer).finally(() => mcp.server.onclose?.());
      // Nothing needs the server while the request waits.
      mcp.server.onclose?.();
      return streams.respond(answer);
    }
    serving.add(mcp);
    const done = async (): Promise<void> => {
      serving.delete(mcp);
      await mcp.close();
    };
    try {
      attachTasks(mcp, service, () => ({ peerOf: () => peer, counted: true }));
      const transport = new WebStandardStreamableHTTPServerTransport({
        keepAliveMs,
        maxRequestBodySize: finite(service.quota.limits.requestBytes),
      });
      await mcp.connect(transport);
      if (peer.session) {
        declareCapabilities(mcp, capabilitiesFor(peer.session.answers));
        service.clientRequests.serve(transport, peer.session.id);
      }
      return onceSent(await transport.handleRequest(request, given), done);
    } catch (error) {
      await done();
      throw error;
    }
  }

  const handler: PeerHandler = {
    async fetch(request, given, peer) {
      // Only sessions use GET, and that is served elsewhere. DELETE has nothing to delete: no session state is kept.
      if (request.method !== 'POST') return failure(405, -32000, 'Method not allowed', { allow: 'POST' });
      try {
        return await serve(request, given, peer);
      } catch (error) {
        service.logger.error({ err: error }, 'failed to serve a request');
        return failure(500, RPC.internalError, "Internal error; see the server's log");
      }
    },
    async close() {
      streams.close();
      await Promise.all([...serving].map(async (mcp) => await mcp.close()));
    },
  };
  return serveSessions(handler, service, { peerOf, keepAliveMs });
}

/** Returns whether tasks can be attached to the server. */
function isFree(mcp: McpServer): boolean {
  return !mcp.isConnected() && !handles(mcp, 'tasks/get');
}

/** Calls `done` when the response has been sent, or its reader has disconnected. */
function onceSent(response: Response, done: () => Promise<void>): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sent = response.body?.pipeTo(writable) ?? Promise.resolve();
  void sent.catch(() => undefined).finally(() => void done());
  return new Response(response.body ? readable : null, { status: response.status, headers: response.headers });
}

function failure(status: number, code: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status, headers });
}
