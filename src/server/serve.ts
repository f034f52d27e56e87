/**
 * The adapter's entry points for HTTP and stdio. Both attach the tasks to each server that the author's factory makes.
 * @module
 */
import {
  createMcpHandler,
  McpServer,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server';
import {
  serveStdio,
  StdioServerTransport,
  type ServeStdioOptions,
  type StdioServerHandle,
} from '@modelcontextprotocol/server/stdio';
import { streamLimits, type HandlerOptions as CommonOptions } from '../mcp/http/handler-options.js';
import { httpOwner, stdioOwner, type AuthInfo, type OwnerRule } from '../mcp/request/owner.js';
import type { TaskService } from '../mcp/service.js';
import { openSession } from '../mcp/sessions/session.js';
import { serveSessions } from '../mcp/sessions/sessions-http.js';
import { pickVersion } from '../protocol/registry.js';
import type { Owner } from '../protocol/request.js';
import { McpTasksError } from '../task/errors.js';
import { attachTasks } from './attach.js';
import type { Peer } from './context.js';
import { serveTaskListeners } from './listen-http.js';
import { fillRoutingName } from './routing-name.js';
import { TaskTransport } from './stdio-transport.js';

export type ServerFactory = (ctx: McpRequestContext) => McpServer | Server | Promise<McpServer | Server>;

/** The options of the SDK's own handler, and those of this package. */
export interface HandlerOptions
  extends CommonOptions, Omit<CreateMcpHandlerOptions, 'keepAliveMs' | keyof CommonOptions> {}

export function httpHandler(
  service: TaskService,
  rule: OwnerRule | undefined,
  factory: ServerFactory,
  options: HandlerOptions,
): McpHttpHandler {
  const ownerOf = (authInfo: AuthInfo | undefined): Owner => httpOwner(rule, authInfo);
  const serve = withTasks(service, factory, ({ authInfo, requestInfo }) => {
    const owner = ownerOf(authInfo);
    const sessionId = requestInfo?.headers.get('mcp-session-id');
    return { owner, session: sessionId ? openSession(service.keys, owner.id, sessionId) : undefined };
  });
  const limits = streamLimits(options);
  const sdk = createMcpHandler(serve, { ...options, ...limits });
  const stop = service.tools.changed(() => sdk.notify.toolsChanged());
  const close = async (): Promise<void> => {
    stop();
    await sdk.close();
  };
  const listening = serveTaskListeners(fillRoutingName({ ...sdk, close }, service.versions), service, ownerOf, limits);
  return { ...listening, ...serveSessions(listening, service, { ownerOf, ...limits }) };
}

export function stdioServer(
  service: TaskService,
  rule: OwnerRule | undefined,
  factory: ServerFactory,
  options: ServeStdioOptions,
): StdioServerHandle {
  const owner = stdioOwner(rule);
  const transport = new TaskTransport(options.transport ?? new StdioServerTransport(), service, owner);
  return serveStdio(
    withTasks(service, factory, () => ({ owner, connection: transport.connection })),
    { ...options, transport },
  );
}

function withTasks(service: TaskService, factory: ServerFactory, peerOf: (ctx: McpRequestContext) => Peer) {
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
    attachTasks(mcp, service, pickVersion(service.versions, stated, name), peerOf(ctx));
    return mcp;
  };
}
