/**
 * Makes an author's v1 `McpServer` serve durable tools. Its other tools, resources and prompts stay unchanged.
 * @module
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { InitializeResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { tasksCapability } from '../mcp/request/capabilities.js';
import { invalidParams } from '../mcp/request/errors.js';
import { taskMethods } from '../mcp/handlers/methods.js';
import type { Answer } from '../mcp/request/request.js';
import type { TaskService } from '../mcp/service.js';
import { McpTasksError } from '../task/errors.js';
import { Link, onConnect, type Peer, type Serve } from './link.js';
import { handlerOf, handles, replaceHandler } from './seam.js';
import { serveTools } from './tools.js';

/** The newest protocol version that this SDK supports, and the only one of them with tasks. */
const ERA = '2025-11-25';

/**
 * Attaches the durable tools to a server. Cheap and stateless, because over HTTP it may run once per request.
 * @param peerOf identifies the client, once the server is connected
 * @throws McpTasksError `CONFIGURATION` if the server is already connected or already serves tasks
 */
export function attachTasks(mcp: McpServer, service: TaskService, peerOf: (transport: Transport) => Peer): void {
  if (mcp.isConnected())
    throw new McpTasksError('CONFIGURATION', 'attach durable tools before the server is connected');
  if (handles(mcp, 'tasks/get'))
    throw new McpTasksError(
      'CONFIGURATION',
      'the server serves tasks already: attach durable tools once, and to a server without a `taskStore`',
    );
  let link: Link | undefined;
  onConnect(mcp, (transport) => {
    link = new Link(transport, service, peerOf(transport));
  });
  const serve: Serve = async (extra, handle) => {
    if (!link) throw new McpTasksError('CONFIGURATION', 'connect the server by its own `connect`');
    return await link.serve(extra, handle);
  };
  declareTasks(mcp, serve);
  serveMethods(mcp, service, serve);
  // Without durable tools there are no calls to intercept, and the SDK may have no tool handlers to replace.
  if (service.tools.size > 0) serveTools(mcp, service, serve);
}

/** Declares tasks to clients of the protocol version that has them. Whether `list` is included depends on the owner. */
function declareTasks(mcp: McpServer, serve: Serve): void {
  // The SDK only lets a server register handlers for capabilities that it declares.
  mcp.server.registerCapabilities({ tasks: tasksCapability({ mayList: false }) });
  const initialize = handlerOf(mcp, 'initialize');
  replaceHandler(
    mcp,
    'initialize',
    async (request, extra) =>
      await serve(extra, async ({ owner }): Promise<Answer> => {
        const result = (await initialize(request, extra)) as InitializeResult;
        const { tasks: _, ...capabilities } = result.capabilities;
        return {
          ...result,
          capabilities:
            result.protocolVersion < ERA ? capabilities : { ...capabilities, tasks: tasksCapability(owner) },
        };
      }),
  );
}

function serveMethods(mcp: McpServer, service: TaskService, serve: Serve): void {
  for (const [method, { params, handle }] of Object.entries(taskMethods(service, ERA))) {
    mcp.server.setRequestHandler(
      z.looseObject({ method: z.literal(method), params: z.unknown().optional() }),
      async (request, extra) => {
        const parsed = params.safeParse(request.params ?? {});
        if (!parsed.success) throw invalidParams(`Invalid ${method} request: ${z.prettifyError(parsed.error)}`);
        return await serve(extra, async (ctx) => await handle(parsed.data, ctx));
      },
    );
  }
}
