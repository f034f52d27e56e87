/** `tools/list` and `tools/call` of a v1 server with durable tools. @module */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { ListToolsResult } from '@modelcontextprotocol/sdk/types.js';
import { parseCall } from '../protocol/call.js';
import { answerCall } from '../mcp/handlers/call.js';
import { callCompanion, companions } from '../mcp/handlers/companions.js';
import { asRpcFaults } from '../mcp/request/faults.js';
import { invalidParams, methodNotFound } from '../protocol/errors.js';
import { nameTaken } from '../mcp/tools/fallback.js';
import { listedTools } from '../mcp/handlers/listing.js';
import type { RequestContext, RpcResult } from '../protocol/request.js';
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
  const added = new Map(
    companions(service, version, { id: '', mayList: true }).map((companion) => [companion.name, companion]),
  );
  register(mcp, service.tools.keys());
  try {
    register(mcp, added.keys());
  } catch {
    throw nameTaken([...added.keys()].join('" or "'));
  }
  // Registering a tool made the SDK set both handlers.
  const list = handlerOf(mcp, 'tools/list');
  const call = handlerOf(mcp, 'tools/call');

  replaceHandler(
    mcp,
    'tools/list',
    async (request, extra) =>
      await serve(extra, async ({ owner }): Promise<RpcResult> => {
        const listed = (await list(request, extra)) as ListToolsResult;
        const definitions = new Map(
          listedTools(service, version, owner).map((tool) => [tool.name, toolDefinition(tool, version.listing)]),
        );
        return {
          ...listed,
          tools: listed.tools.flatMap((tool) => definitions.get(tool.name) ?? (added.has(tool.name) ? [] : [tool])),
        };
      }),
  );

  replaceHandler(mcp, 'tools/call', async (request, extra) => {
    const {
      name = '',
      task,
      arguments: args,
    } = (request.params ?? {}) as { name?: string; task?: unknown; arguments?: unknown };
    const tool = service.tools.get(name);
    const companion = task === undefined ? added.get(name) : undefined;
    const callTask =
      tool &&
      (async (ctx: RequestContext) =>
        await answerCall(service, version, { tool, params: parseCall(request.params), ctx }));
    const called =
      callTask ?? (companion && (async (ctx: RequestContext) => await callCompanion(service, companion, args, ctx)));
    if (called) {
      return await serve(
        extra,
        async (ctx) =>
          await asRpcFaults(
            service.logger,
            { method: 'tools/call', tool: name },
            ctx.signal,
            async () => await called(ctx),
          ),
      );
    }
    if (task === undefined) return await call(request, extra);
    const { tools } = (await list({ ...request, method: 'tools/list', params: {} }, extra)) as ListToolsResult;
    throw tools.some((other) => other.name === name)
      ? methodNotFound(`Tool ${name} does not support task augmentation`)
      : invalidParams(`Tool ${name} not found`);
  });
}

/** Registers the names with the SDK, to detect conflicts. The replacement handlers list and call these tools. */
function register(mcp: McpServer, names: Iterable<string>): void {
  for (const name of names) {
    mcp.registerTool(name, {}, () => {
      throw new Error(`the call of ${name} went past the tasks adapter`);
    });
  }
}
