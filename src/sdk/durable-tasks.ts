/** `DurableTasks` for servers of `@modelcontextprotocol/sdk`, the v1 SDK. @module */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { connectTasks, type DurableTasksOptions, type TasksConnection, type TasksCore } from '../durable-tasks.js';
import { onlyAllowedNames } from '../mcp/http/allowed-names.js';
import type { HandlerOptions } from '../mcp/http/handler-options.js';
import type { AuthInfo } from '../mcp/request/owner.js';
import { Peer } from '../mcp/sessions/peer.js';
import type { FetchHandler } from '../mcp/sessions/sessions-http.js';
import type { DurableTool } from '../tool/define-tool.js';
import { attachTasks } from './attach.js';
import { httpHandler, type ServerFactory } from './http.js';

/**
 * Durable tools for servers of the v1 SDK, `@modelcontextprotocol/sdk`: a connection to Temporal, and the tools on your
 * own `McpServer` or on an HTTP endpoint that needs no session affinity.
 *
 * @example
 * const tasks = await DurableTasks.connect({ tools: [countdown] });
 * const mcp = new McpServer({ name: 'clock', version: '1.0.0' });
 * tasks.attach(mcp);
 * await mcp.connect(new StdioServerTransport());
 */
export class DurableTasks implements TasksConnection {
  readonly engine: TasksConnection['engine'];
  readonly taskQueue: string;
  readonly temporal: TasksConnection['temporal'];
  readonly dataConverter: TasksConnection['dataConverter'];
  readonly #core: TasksCore;
  readonly #peerOf = (authInfo: AuthInfo | undefined): Peer =>
    Peer.http(this.#core.ownerRule, authInfo, this.#core.service.logger);

  private constructor(core: TasksCore) {
    this.#core = core;
    this.engine = core.engine;
    this.taskQueue = core.taskQueue;
    this.temporal = core.temporal;
    this.dataConverter = core.dataConverter;
  }

  /**
   * Finds or starts Temporal and prepares to serve. Call `close` when done.
   *
   * @throws McpTasksError `CONFIGURATION` if an option is invalid, `LOCAL_SERVICE` if Temporal cannot be found or
   * started
   * @example
   * const tasks = await DurableTasks.connect({ tools });
   * tasks.attach(mcp);
   * await mcp.connect(new StdioServerTransport());
   */
  static async connect(options: DurableTasksOptions): Promise<DurableTasks> {
    return new DurableTasks(await connectTasks(options));
  }

  get tools(): readonly DurableTool[] {
    return this.#core.tools;
  }

  /**
   * Adds the durable tools to your own server. Call it before connecting the server, over stdio or over HTTP with any
   * transport of the SDK and its sessions. When a client hangs up over stdio, this object closes too.
   *
   * Over HTTP, connecting the server throws `CONFIGURATION` if you use your own cluster without setting a key.
   * @throws McpTasksError `CONFIGURATION` if the server is already connected or already serves tasks
   */
  attach(mcp: McpServer): void {
    attachTasks(mcp, this.#core.service, (transport) => {
      if (transport instanceof StdioServerTransport) {
        this.#core.closeWithStdin();
        this.#core.servesStdio(transport);
        const peer = Peer.stdio(this.#core.ownerRule);
        return { peerOf: () => peer, counted: true };
      }
      this.#core.servesHttp();
      return { peerOf: this.#peerOf, counted: false };
    });
  }

  /**
   * Creates a web-standard handler (`fetch`) for Streamable HTTP. Its sessions need no affinity: any server process can
   * serve any session. {@link serveHttp} serves it on a port. In a server of your own on Node's `http`, wrap it with
   * `getRequestListener` from `@hono/node-server`, which comes with the SDK.
   *
   * Requests addressed to other hosts than loopback names, or sent by other web pages, are answered 403 (DNS
   * rebinding): set `allowedHosts` to the host names at which clients reach your server.
   *
   * @param factory creates your server, with its other tools, resources and prompts; called once per POST request
   * @throws McpTasksError `CONFIGURATION` if you use your own cluster without setting a key, because replicas would not
   * recognize each other's tasks; or if a name in the options is not a host name
   */
  handler(factory: ServerFactory, options: HandlerOptions = {}): FetchHandler {
    this.#core.servesHttp();
    return onlyAllowedNames(httpHandler(this.#core.service, this.#peerOf, factory, options), options);
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
