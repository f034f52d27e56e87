/** `DurableTasks` for servers of `@modelcontextprotocol/server`. @module */
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import type { ServeStdioOptions, StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import { connectTasks, type DurableTasksOptions, type TasksConnection, type TasksCore } from '../durable-tasks.js';
import { onlyAllowedNames } from '../mcp/http/allowed-names.js';
import { McpTasksError } from '../task/errors.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { HandlerOptions, ServerFactory } from './serve.js';

type ServeModule = typeof import('./serve.js');

/**
 * Durable tools for servers of `@modelcontextprotocol/server`: a connection to Temporal, and handlers that serve the
 * tools.
 *
 * @example
 * const tasks = await DurableTasks.connect({ tools: [countdown] });
 * const server = await serveHttp(tasks.handler(() => new McpServer({ name: 'clock', version: '1.0.0' })));
 * process.once('SIGTERM', () => void server.close().then(() => tasks.close()));
 */
export class DurableTasks implements TasksConnection {
  readonly engine: TasksConnection['engine'];
  readonly taskQueue: string;
  readonly temporal: TasksConnection['temporal'];
  readonly dataConverter: TasksConnection['dataConverter'];
  readonly #core: TasksCore;
  readonly #serve: ServeModule;

  /**
   * Finds or starts Temporal and prepares to serve. Call `close` when done.
   *
   * @throws McpTasksError `CONFIGURATION` if an option is invalid or `@modelcontextprotocol/server` is not installed;
   * `LOCAL_SERVICE` if Temporal cannot be found or started
   * @example
   * const tasks = await DurableTasks.connect({ tools });
   * const handler = tasks.handler(() => new McpServer({ name: 'images', version: '1.0.0' }));
   */
  static async connect(options: DurableTasksOptions): Promise<DurableTasks> {
    const serve = await loadServe();
    return new DurableTasks(await connectTasks(options), serve);
  }

  private constructor(core: TasksCore, serve: ServeModule) {
    this.#core = core;
    this.engine = core.engine;
    this.taskQueue = core.taskQueue;
    this.temporal = core.temporal;
    this.dataConverter = core.dataConverter;
    this.#serve = serve;
  }

  get tools(): readonly DurableTool[] {
    return this.#core.tools;
  }

  /**
   * Creates a web-standard handler (`fetch`) for Streamable HTTP that serves protocols 2026-07-28 and 2025-11-25 from
   * one endpoint. {@link serveHttp} serves it on a port. In a server of your own on Node's `http`, wrap it with
   * `toNodeHandler` from `@modelcontextprotocol/node`.
   *
   * Requests addressed to other hosts than loopback names, or sent by other web pages, are answered 403 (DNS
   * rebinding): set `allowedHosts` to the host names at which clients reach your server.
   *
   * @param factory creates your server, with its other tools, resources and prompts; called once per request
   * @throws McpTasksError `CONFIGURATION` if you use your own cluster without setting a key, because replicas would not
   * recognize each other's tasks; or if a name in the options is not a host name
   */
  handler(factory: ServerFactory, options: HandlerOptions = {}): McpHttpHandler {
    this.#core.servesHttp();
    return onlyAllowedNames(
      this.#serve.httpHandler(this.#core.service, this.#core.ownerRule, factory, options),
      options,
    );
  }

  /**
   * Serves both protocol versions over stdio. Closes this object too when the client hangs up, unless you pass a
   * transport.
   */
  stdio(factory: ServerFactory, options: ServeStdioOptions = {}): StdioServerHandle {
    if (!options.transport) this.#core.closeWithStdin();
    const transport = options.transport ?? this.#serve.stdioTransport();
    this.#core.servesStdio(transport);
    return this.#serve.stdioServer(this.#core.service, this.#core.ownerRule, factory, { ...options, transport });
  }

  async ready(): Promise<void> {
    await this.#core.ready();
  }

  async useTools(tools: readonly DurableTool[]): Promise<void> {
    await this.#core.useTools(tools);
  }

  hasWorker: TasksConnection['hasWorker'] = (connection) => this.#core.hasWorker(connection);

  beforeClose(stop: () => Promise<void>): void {
    this.#core.beforeClose(stop);
  }

  async close(): Promise<void> {
    await this.#core.close();
  }
}

/**
 * Imports the SDK-dependent code on `connect`, because workers load this package too and do not need an MCP SDK.
 * @throws McpTasksError `CONFIGURATION` if `@modelcontextprotocol/server` is not installed
 */
async function loadServe(): Promise<ServeModule> {
  try {
    return await import('./serve.js');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message =
      'serving needs @modelcontextprotocol/server ~2.4: install it, or for a server of @modelcontextprotocol/sdk import DurableTasks from mcp-tasks-temporal/sdk';
    throw new McpTasksError('CONFIGURATION', message, { cause: error });
  }
}
