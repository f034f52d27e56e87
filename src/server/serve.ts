/** The adapter's two entries, HTTP and stdio: the author's factory, each server it makes with the tasks attached. @module */
import { createMcpHandler, McpServer, type CreateMcpHandlerOptions, type McpHttpHandler, type McpRequestContext, type Server } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport, type ServeStdioOptions, type StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import { McpTasksError } from '../task/errors.js';
import { attachTasks } from './attach.js';
import { serveTaskListeners } from './listen-http.js';
import { TaskListeningTransport } from './listen-stdio.js';
import { httpOwner, stdioOwner, type Owner, type OwnerRule } from './owner.js';
import { fillRoutingName } from './routing-name.js';
import type { TaskService } from './service.js';

export type ServerFactory = (ctx: McpRequestContext) => McpServer | Server | Promise<McpServer | Server>;

/** The SDK's own defaults, which the tasks' streams share. */
const LISTEN = { maxSubscriptions: 1024, keepAliveMs: 15_000 };

export function httpHandler(service: TaskService, rule: OwnerRule | undefined, factory: ServerFactory, options: CreateMcpHandlerOptions): McpHttpHandler {
  const serve = withTasks(service, factory, ({ authInfo }) => httpOwner(rule, authInfo));
  const { maxSubscriptions = LISTEN.maxSubscriptions, keepAliveMs = LISTEN.keepAliveMs } = options;
  return serveTaskListeners(fillRoutingName(createMcpHandler(serve, options)), service, (authInfo) => httpOwner(rule, authInfo), { maxSubscriptions, keepAliveMs });
}

export function stdioServer(service: TaskService, rule: OwnerRule | undefined, factory: ServerFactory, options: ServeStdioOptions): StdioServerHandle {
  const owner = stdioOwner(rule);
  const transport = new TaskListeningTransport(options.transport ?? new StdioServerTransport(), service, owner);
  return serveStdio(
    withTasks(service, factory, () => owner),
    { ...options, transport },
  );
}

function withTasks(service: TaskService, factory: ServerFactory, ownerOf: (ctx: McpRequestContext) => Owner) {
  return async (ctx: McpRequestContext): Promise<McpServer> => {
    const mcp = await factory(ctx);
    if (!(mcp instanceof McpServer)) {
      throw new McpTasksError('CONFIGURATION', 'the server factory has to return an McpServer of @modelcontextprotocol/server ~2.4; a low-level Server has no tools to attach to');
    }
    attachTasks(mcp, service, ctx.era === 'modern' ? '2026-07-28' : '2025-11-25', ownerOf(ctx));
    return mcp;
  };
}
