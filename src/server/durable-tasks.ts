/** `DurableTasks` for servers of `@modelcontextprotocol/server`. @module */
import type { CreateMcpHandlerOptions, McpHttpHandler } from '@modelcontextprotocol/server';
import type { ServeStdioOptions, StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import { connectTasks, TasksConnection, type Connected, type DurableTasksOptions } from '../durable-tasks.js';
import { McpTasksError } from '../task/errors.js';
import type { ServerFactory } from './serve.js';

type Serve = typeof import('./serve.js');

export class DurableTasks extends TasksConnection {
  readonly #serve: Serve;

  /**
   * Finds or starts Temporal and gets ready to serve. Close it when done.
   *
   * @throws McpTasksError `CONFIGURATION` for options that do not fit, `LOCAL_SERVICE` if no Temporal can be had
   * @example
   * const tasks = await DurableTasks.connect({ tools });
   * const handler = tasks.handler(() => new McpServer({ name: 'images', version: '1.0.0' }));
   */
  static async connect(options: DurableTasksOptions): Promise<DurableTasks> {
    const serve = await loadServe();
    const tasks = new DurableTasks(await connectTasks(options), serve);
    await tasks.openNamespaces(options.tools);
    return tasks;
  }

  private constructor(connected: Connected, serve: Serve) {
    super(connected);
    this.#serve = serve;
  }

  /**
   * A web-standard handler (`fetch`) for Streamable HTTP that serves protocol 2026-07-28 and 2025-11-25 from one endpoint.
   * For Node's `http`, wrap it with `toNodeHandler` of `@modelcontextprotocol/node`.
   *
   * @param factory makes your server, with its other tools, resources and prompts; called once a request
   * @throws McpTasksError `CONFIGURATION` on a cluster of your own without a key, because replicas would not know each other's tasks
   */
  handler(factory: ServerFactory, options: CreateMcpHandlerOptions = {}): McpHttpHandler {
    this.requireSharedKey();
    return this.#serve.httpHandler(this.service, this.ownerRule, factory, options);
  }

  /** Serves both protocol versions over stdio. When the client hangs up, this is closed too. */
  stdio(factory: ServerFactory, options: ServeStdioOptions = {}): StdioServerHandle {
    if (!options.transport) this.closeWithStdin();
    return this.#serve.stdioServer(this.service, this.ownerRule, factory, options);
  }
}

/** Loaded when somebody serves, because a worker loads this package too and has no need of an MCP SDK. */
async function loadServe(): Promise<Serve> {
  try {
    return await import('./serve.js');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message =
      'serving needs @modelcontextprotocol/server ~2.4: install it, or for a server of @modelcontextprotocol/sdk import DurableTasks from mcp-tasks-temporal/sdk';
    throw new McpTasksError('CONFIGURATION', message, { cause: error });
  }
}
