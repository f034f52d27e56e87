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
  registerTools(mcp, service);
  interceptToolCalls(mcp, async (request, ctx, sdk) => {
    const tool = service.tools.get((request.params as { name?: string } | undefined)?.name ?? '');
    if (tool) return await asProtocolErrors(async () => await callTool({ service, era, owner, tool, params: parseCall(request.params), ctx }));
    if (era === '2025-11-25' && (request.params as { task?: unknown } | undefined)?.task !== undefined) {
      throw methodNotFound(`Tool ${String(request.params?.['name'])} does not support task augmentation`);
    }
    return await sdk(request, ctx);
  });
  registerTaskMethods(mcp, service, era, owner);
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
