/**
 * The adapter's entry points for HTTP and stdio. Both attach the tasks to each server that the author's factory makes.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createMcpHandler,
  McpServer,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
  type Transport,
} from '@modelcontextprotocol/server';
import {
  serveStdio,
  StdioServerTransport,
  type ServeStdioOptions,
  type StdioServerHandle,
} from '@modelcontextprotocol/server/stdio';
import { finite, keepAliveOf, type HandlerOptions as CommonOptions } from '../mcp/http/handler-options.js';
import { directAnswer, directWait, respondDirectly } from '../mcp/handlers/direct.js';
import { DirectStreams } from '../mcp/handlers/direct-streams.js';
import type { OwnerRule } from '../mcp/request/owner.js';
import type { TaskService } from '../mcp/service.js';
import { Peer } from '../mcp/sessions/peer.js';
import { serveSessions, type Given, type PeerHandler } from '../mcp/sessions/sessions-http.js';
import { pickVersion } from '../protocol/registry.js';
import type { RpcResult } from '../protocol/request.js';
import type { ProtocolVersion } from '../protocol/version.js';
import { McpTasksError } from '../task/errors.js';
import { attachTasks } from './attach.js';
import type { ConnectedPeer } from './context.js';
import { acceptedRequest } from './direct.js';
import { serveTaskListeners } from './listen-http.js';
import { stateCodec } from './request-state.js';
import { fillRoutingName } from './routing-name.js';
import { statelessResult } from './seam.js';
import { TaskTransport } from './stdio-transport.js';

/** Creates the server for a request or, over stdio, for a connection. Add your ordinary (not durable) tools to it. */
export type ServerFactory = (ctx: McpRequestContext) => McpServer | Server | Promise<McpServer | Server>;

/** The options of the SDK's own handler, and those of this package. */
export interface HandlerOptions
  extends
    CommonOptions,
    Omit<CreateMcpHandlerOptions, 'keepAliveMs' | 'maxRequestBodySize' | 'maxSubscriptions' | keyof CommonOptions> {}

/** The request that the SDK is serving. Kept here because the SDK does not pass it to the factory. */
interface Serving {
  readonly peer: Peer;
  /** The author's server for this request, if it has been made already. */
  readonly made?: Made | undefined;
}

type Made = Promise<McpServer | Server>;

const serving = new AsyncLocalStorage<Serving>();

/** Chains the layers that a request passes: sessions, subscriptions to tasks, then the SDK, which makes its server. */
export function httpHandler(
  service: TaskService,
  rule: OwnerRule | undefined,
  factory: ServerFactory,
  options: HandlerOptions,
): McpHttpHandler {
  const serverOf = taskServers(service, factory, () => {
    const served = serving.getStore();
    if (!served) throw new Error('the SDK serves a request outside its handler');
    return served;
  });
  const codec = stateCodec(service.keys);
  const { subscriptions, requestBytes } = service.quota.limits;
  const keepAliveMs = keepAliveOf(options);
  const sdk = createMcpHandler(serverOf, {
    ...options,
    keepAliveMs,
    maxRequestBodySize: finite(requestBytes),
    // Counted here already, for each owner too.
    maxSubscriptions: finite(subscriptions.process),
  });
  const streams = new DirectStreams(keepAliveMs);
  let closed = false;
  const handler: PeerHandler = {
    async fetch(request, given, peer) {
      const bySdk = async (made?: Made): Promise<Response> =>
        await serving.run({ peer, made }, async () => await sdk.fetch(request, given));
      if (closed || request.method !== 'POST') return await bySdk();
      const posted = { headers: request.headers, body: given.parsedBody };
      const accepted = acceptedRequest(service, posted, { options, codec });
      const from = { request, peer };
      const answer = accepted && (directAnswer(service, accepted, from) ?? directWait(service, accepted, from));
      if (!answer) return await bySdk();
      const { stated } = accepted.version;
      const made = makeServer(factory, contextOf(stated, request, given));
      const mcp = await made.catch(() => undefined);
      // The SDK reports what is wrong with the server.
      if (!(mcp instanceof McpServer) || mcp.isConnected()) return await bySdk(made);
      if (typeof answer !== 'function') {
        // Nothing needs the server while the request waits.
        mcp.server.onclose?.();
        return streams.respond(answer);
      }
      const result = async (): Promise<RpcResult> => {
        const plain = await answer();
        return stated === 'in-requests' ? statelessResult(mcp, plain) : plain;
      };
      return await respondDirectly(accepted, request, result).finally(() => mcp.server.onclose?.());
    },
    async close() {
      closed = true;
      streams.close();
      await sdk.close();
    },
  };
  const listening = serveTaskListeners(fillRoutingName(handler, service.versions), service, keepAliveMs);
  const sessions = serveSessions(listening, service, {
    peerOf: (authInfo) => Peer.http(rule, authInfo, service.logger),
    announceTools: () => sdk.notify.toolsChanged(),
    keepAliveMs,
  });
  return { ...sdk, ...sessions };
}

/** Returns the SDK's transport on the standard streams of this process. */
export function stdioTransport(): Transport {
  return new StdioServerTransport();
}

export function stdioServer(
  service: TaskService,
  rule: OwnerRule | undefined,
  factory: ServerFactory,
  options: ServeStdioOptions & { readonly transport: Transport },
): StdioServerHandle {
  const peer = Peer.stdio(rule);
  const transport = new TaskTransport(options.transport, service, peer);
  return serveStdio(
    taskServers(service, factory, () => ({ peer, connection: transport.connection })),
    { ...options, transport },
  );
}

/** Makes the author's server for a request. As a promise, so that errors are handled alike, thrown or rejected. */
async function makeServer(factory: ServerFactory, ctx: McpRequestContext): Made {
  return await factory(ctx);
}

/** Returns what the SDK tells the factory about a request. */
function contextOf(stated: ProtocolVersion['stated'], request: Request, { authInfo }: Given): McpRequestContext {
  return {
    era: stated === 'in-requests' ? 'modern' : 'legacy',
    ...(authInfo === undefined ? {} : { authInfo }),
    requestInfo: request,
  };
}

/** Returns a factory whose servers also serve the tasks. */
function taskServers(
  service: TaskService,
  factory: ServerFactory,
  served: () => Serving & Pick<ConnectedPeer, 'connection'>,
) {
  return async (ctx: McpRequestContext): Promise<McpServer> => {
    const { peer: client, made, connection } = served();
    const mcp = await (made ?? factory(ctx));
    if (!(mcp instanceof McpServer)) {
      throw new McpTasksError(
        'CONFIGURATION',
        'the server factory has to return an McpServer of @modelcontextprotocol/server ~2.4; a low-level Server has no tools to attach to',
      );
    }
    const stated = ctx.era === 'modern' ? 'in-requests' : 'in-initialize';
    const name = ctx.requestInfo?.headers.get('mcp-protocol-version');
    const { owner, session, expired, limited } = client;
    const peer = {
      owner,
      session,
      expired,
      limited,
      ...(connection ? { connection } : {}),
      version: name ?? undefined,
    };
    attachTasks(mcp, service, pickVersion(service.versions, stated, name), peer);
    return mcp;
  };
}
