/** Makes an author's `McpServer` serve durable tools; its other tools, resources and prompts stay as they are. @module */
import type { McpServer } from '@modelcontextprotocol/server';
import { callTool, parseCall } from '../mcp/call.js';
import { serverCapabilities } from '../mcp/capabilities.js';
import { asRpcFaults, methodNotFound } from '../mcp/errors.js';
import { taskMethods } from '../mcp/methods.js';
import type { Era } from '../mcp/request.js';
import type { TaskService } from '../mcp/service.js';
import { requestContext, type Peer } from './context.js';
import { stateCodec } from './request-state.js';
import { interceptToolCalls } from './seam.js';

/** Cheap and stateless: behind HTTP it runs once a request. */
export function attachTasks(mcp: McpServer, service: TaskService, era: Era, peer: Peer): void {
  const codec = stateCodec(service.keys);
  mcp.server.registerCapabilities(serverCapabilities(era, peer.owner));
  for (const [method, { params, handle }] of Object.entries(taskMethods(service, era))) {
    mcp.server.setRequestHandler(method, { params }, async (parsed, ctx) => await handle(parsed, requestContext(mcp, peer, ctx, codec)));
  }
  // A server with no tool at all has no calls to intercept, either.
  if (service.tools.size === 0) return;
  registerTools(mcp, service);
  interceptToolCalls(mcp, async (request, sdkContext, sdk) => {
    const { name = '', task } = (request.params ?? {}) as { name?: string; task?: unknown };
    const tool = service.tools.get(name);
    if (tool) {
      const ctx = requestContext(mcp, peer, sdkContext, codec);
      const call = async () => await callTool({ service, era, tool, params: parseCall(request.params), ctx });
      return await asRpcFaults(service.logger, { method: 'tools/call', tool: name }, ctx.signal, call);
    }
    const known = mcp.toolInputSchemaJson(name) !== undefined;
    if (known && era === '2025-11-25' && task !== undefined) throw methodNotFound(`Tool ${name} does not support task augmentation`);
    return await sdk(request, sdkContext);
  });
}

/** For `tools/list`; calls never reach these callbacks. */
function registerTools(mcp: McpServer, service: TaskService): void {
  for (const { name, title, description, inputSchema, outputSchema, annotations, taskSupport } of service.tools.values()) {
    const registered = mcp.registerTool(
      name,
      {
        inputSchema,
        ...(title === undefined ? {} : { title }),
        ...(description === undefined ? {} : { description }),
        ...(outputSchema === undefined ? {} : { outputSchema }),
        ...(annotations === undefined ? {} : { annotations }),
      },
      () => {
        throw new Error(`the call of ${name} went past the tasks adapter`);
      },
    );
    registered.execution = { taskSupport };
  }
}
