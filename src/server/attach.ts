/** Makes an author's `McpServer` serve durable tools; its other tools, resources and prompts stay as they are. @module */
import type { McpServer } from '@modelcontextprotocol/server';
import { TASKS_EXTENSION } from '../wire/v2026.js';
import { callTool, parseCall } from './call.js';
import { asProtocolErrors, methodNotFound } from './errors.js';
import { registerTaskMethods } from './methods.js';
import type { Owner } from './owner.js';
import { interceptToolCalls } from './seam.js';
import type { Era, TaskService } from './service.js';

/** Cheap and stateless: behind HTTP it runs once a request. */
export function attachTasks(mcp: McpServer, service: TaskService, era: Era, owner: Owner): void {
  mcp.server.registerCapabilities({
    extensions: { [TASKS_EXTENSION]: {} },
    ...(era === '2025-11-25' ? { tasks: { ...(owner.mayList ? { list: {} } : {}), cancel: {}, requests: { tools: { call: {} } } } } : {}),
  });
  registerTaskMethods(mcp, service, era, owner);
  // A server with no tool at all has no calls to intercept, either.
  if (service.tools.size === 0) return;
  registerTools(mcp, service);
  interceptToolCalls(mcp, async (request, ctx, sdk) => {
    const { name = '', task } = (request.params ?? {}) as { name?: string; task?: unknown };
    const tool = service.tools.get(name);
    if (tool) {
      const call = async () => await callTool({ service, era, owner, tool, params: parseCall(request.params), ctx });
      return await asProtocolErrors(service.logger, { method: 'tools/call', tool: name }, ctx.mcpReq.signal, call);
    }
    const known = mcp.toolInputSchemaJson(name) !== undefined;
    if (known && era === '2025-11-25' && task !== undefined) throw methodNotFound(`Tool ${name} does not support task augmentation`);
    return await sdk(request, ctx);
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
