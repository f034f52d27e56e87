/** `tools/list` and `tools/call` of a v1 server with durable tools. @module */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { ListToolsResult } from '@modelcontextprotocol/sdk/types.js';
import { companionNames } from '../mcp/handlers/companions.js';
import { dispatchCall } from '../mcp/handlers/dispatch.js';
import { invalidParams, type RpcFault } from '../protocol/errors.js';
import { nameTaken } from '../mcp/tools/fallback.js';
import { adaptList, listedTools } from '../mcp/handlers/listing.js';
import type { RpcResult } from '../protocol/request.js';
import type { ProtocolVersion } from '../protocol/version.js';
import type { TaskService } from '../mcp/service.js';
import { toolDefinition } from './definition.js';
import type { RunRequest } from './link.js';
import { handlerOf, replaceHandler } from './seam.js';

/**
 * Adds the durable tools and companions to the server's `tools/list` and `tools/call`.
 * @throws Error if the server already has a tool with the name of a durable tool
 * @throws McpTasksError `CONFIGURATION` if it already has a tool with the name of a companion
 */
export function serveTools(mcp: McpServer, service: TaskService, version: ProtocolVersion, serve: RunRequest): void {
  const added = companionNames(service);
  register(mcp, service.tools.keys());
  try {
    register(mcp, added);
  } catch {
    throw nameTaken(added.join('" or "'));
  }
  // Registering a tool made the SDK set both handlers.
  const list = handlerOf(mcp, 'tools/list');
  const call = handlerOf(mcp, 'tools/call');

  replaceHandler(
    mcp,
    'tools/list',
    async (request, extra) =>
      await serve(extra, async (ctx): Promise<RpcResult> => {
        const listed = (await list(request, extra)) as ListToolsResult;
        const definitions = new Map(
          listedTools(service, version, ctx.owner).map((tool) => [tool.name, toolDefinition(tool, version.listing)]),
        );
        const tools = listed.tools.flatMap(
          (tool) => definitions.get(tool.name) ?? (added.includes(tool.name) ? [] : [tool]),
        );
        return adaptList(service, version, ctx, { ...listed, tools });
      }),
  );

  replaceHandler(
    mcp,
    'tools/call',
    async (request, extra) =>
      await dispatchCall(service, version, {
        params: request.params,
        run: async (handle) => await serve(extra, handle),
        async hasTool(name) {
          const { tools } = (await list({ ...request, method: 'tools/list', params: {} }, extra)) as ListToolsResult;
          return tools.some((tool) => tool.name === name);
        },
        async passOn() {
          const { name = '', task } = (request.params ?? {}) as { name?: string; task?: unknown };
          // The SDK would expect one of its own tasks.
          if (task !== undefined) throw notFound(name);
          return await call(request, extra);
        },
      }),
  );
}

/**
 * Registers the names with the SDK, to detect conflicts. The replacement handlers list and call these tools, except
 * those that the caller does not have.
 */
function register(mcp: McpServer, names: Iterable<string>): void {
  for (const name of names) {
    mcp.registerTool(name, {}, () => {
      throw notFound(name);
    });
  }
}

function notFound(name: string): RpcFault {
  return invalidParams(`Tool ${name} not found`);
}
