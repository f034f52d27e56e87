/** `DurableTasks` for servers of `@modelcontextprotocol/sdk`, the v1 SDK. @module */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { connectTasks, TasksConnection, type DurableTasksOptions } from '../durable-tasks.js';
import { httpOwner, stdioOwner, type AuthInfo, type Owner } from '../mcp/request/owner.js';
import type { FetchHandler } from '../mcp/sessions/sessions-http.js';
import { attachTasks } from './attach.js';
import { inputDefinition } from './definition.js';
import { httpHandler, type HandlerOptions, type ServerFactory } from './http.js';

export class DurableTasks extends TasksConnection {
  readonly #httpOwner = (authInfo: AuthInfo | undefined): Owner => httpOwner(this.ownerRule, authInfo);

  /**
   * Finds or starts Temporal and gets ready to serve. Close it when done.
   *
   * @throws McpTasksError `CONFIGURATION` for options that do not fit, `LOCAL_SERVICE` if no Temporal can be had
   * @example
   * const tasks = await DurableTasks.connect({ tools });
   * tasks.attach(mcp);
   * await mcp.connect(new StdioServerTransport());
   */
  static async connect(options: DurableTasksOptions): Promise<DurableTasks> {
    // Wrong ones are found now, and not by the first client.
    for (const { name, inputSchema } of options.tools) inputDefinition(name, inputSchema);
    const tasks = new DurableTasks(await connectTasks(options));
    await tasks.openNamespaces(options.tools);
    return tasks;
  }

  /**
   * Adds the durable tools to a server of your own, before it is connected: over stdio, and over HTTP with any transport of
   * the SDK and its sessions. When a client hangs up over stdio, this is closed too.
   *
   * Connecting the server throws `CONFIGURATION` over HTTP on a cluster of your own without a key.
   * @throws McpTasksError `CONFIGURATION` if the server is connected already, or has tasks already
   */
  attach(mcp: McpServer): void {
    attachTasks(mcp, this.service, (transport) => {
      if (transport instanceof StdioServerTransport) {
        this.closeWithStdin();
        const owner = stdioOwner(this.ownerRule);
        return { ownerOf: () => owner };
      }
      this.requireSharedKey();
      return { ownerOf: this.#httpOwner };
    });
  }

  /**
   * A web-standard handler (`fetch`) for Streamable HTTP whose sessions need no affinity: any server process serves any of
   * them. For Node's `http`, wrap it with `getRequestListener` of `@hono/node-server`, which comes with the SDK.
   *
   * @param factory makes your server, with its other tools, resources and prompts; called once a request
   * @throws McpTasksError `CONFIGURATION` on a cluster of your own without a key, because replicas would not know each other's tasks
   */
  handler(factory: ServerFactory, options: HandlerOptions = {}): FetchHandler {
    this.requireSharedKey();
    return httpHandler(this.service, this.#httpOwner, factory, options);
  }
}
