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
import type { ServedHandler } from '../mcp/http/node-server.js';
import type { OwnerRule } from '../mcp/request/owner.js';
import type { TaskService } from '../mcp/service.js';
import { Peer } from '../mcp/sessions/peer.js';
import { serveSessions, type PeerHandler } from '../mcp/sessions/sessions-http.js';
import { pickVersion } from '../protocol/registry.js';
import { McpTasksError } from '../task/errors.js';
import { attachTasks } from './attach.js';
import type { ConnectedPeer } from './context.js';
import { serveTaskListeners } from './listen-http.js';
import { fillRoutingName } from './routing-name.js';
import { TaskTransport } from './stdio-transport.js';

/** Creates the server for a request or, over stdio, for a connection. Add your ordinary (not durable) tools to it. */
export type ServerFactory = (ctx: McpRequestContext) => McpServer | Server | Promise<McpServer | Server>;

/** The options of the SDK's own handler, and those of this package. */
export interface HandlerOptions
  extends
    CommonOptions,
    Omit<CreateMcpHandlerOptions, 'keepAliveMs' | 'maxRequestBodySize' | 'maxSubscriptions' | keyof CommonOptions> {}

/** The client of the request that the SDK is serving. Kept here because the SDK does not pass it to the factory. */
const serving = new AsyncLocalStorage<Peer>();

/** Chains the layers that a request passes: sessions, subscriptions to tasks, then the SDK, which makes its server. */
export function httpHandler(
  service: TaskService,
  rule: OwnerRule | undefined,
  factory: ServerFactory,
  options: HandlerOptions,
): McpHttpHandler & ServedHandler {
  const serverOf = taskServers(service, factory, () => {
    const peer = serving.getStore();
    if (!peer) throw new Error('the SDK serves a request outside its handler');
    return peer;
  });
  const { subscriptions, requestBytes } = service.quota.limits;
  const keepAliveMs = keepAliveOf(options);
  const maxRequestBodySize = finite(requestBytes);
  const sdk = createMcpHandler(serverOf, {
    ...options,
    keepAliveMs,
    maxRequestBodySize,
    // Counted here already, for each owner too.
    maxSubscriptions: finite(subscriptions.process),
  });
  const handler: PeerHandler = {
    fetch: async (request, given, peer) => await serving.run(peer, async () => await sdk.fetch(request, given)),
    close: async () => await sdk.close(),
  };
  const listening = serveTaskListeners(fillRoutingName(handler, service.versions), service, keepAliveMs);
  const sessions = serveSessions(listening, service, {
    peerOf: (authInfo) => Peer.http(rule, authInfo, service.logger),
    announceTools: () => sdk.notify.toolsChanged(),
    keepAliveMs,
  });
  return { ...sdk, ...sessions, maxRequestBodySize };
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
    taskServers(service, factory, () => ({
      owner: peer.owner,
      session: peer.session,
      expired: peer.expired,
      limited: peer.limited,
      connection: transport.connection,
    })),
    { ...options, transport },
  );
}

/** Returns a factory whose servers also serve the tasks. */
function taskServers(service: TaskService, factory: ServerFactory, peerOf: () => ConnectedPeer) {
  return async (ctx: McpRequestContext): Promise<McpServer> => {
    const mcp = await factory(ctx);
    if (!(mcp instanceof McpServer)) {
      throw new McpTasksError(
        'CONFIGURATION',
        'the server factory has to return an McpServer of @modelcontextprotocol/server ~2.4; a low-level Server has no tools to attach to',
      );
    }
    const stated = ctx.era === 'modern' ? 'in-requests' : 'in-initialize';
    const name = ctx.requestInfo?.headers.get('mcp-protocol-version');
    const { owner, session, expired, limited, connection } = peerOf();
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
