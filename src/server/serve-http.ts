/** `serveHttp` for handlers of `@modelcontextprotocol/server`. @module */
import {
  listenHttp,
  type HttpServer,
  type NodeListener,
  type ServedHandler,
  type ServeHttpOptions,
} from '../mcp/http/node-server.js';
import { McpTasksError } from '../task/errors.js';

/**
 * Serves a handler over HTTP: listens on a port, refuses requests for other hosts and from other web pages (403), and
 * answers 404 outside the endpoint's path. The handler accepts the names allowed here too.
 *
 * @param handler what `DurableTasks.handler`, `Gateway.handler` or `bearerAuth` returned
 * @throws McpTasksError `CONFIGURATION` if the port is taken, if `host` is not an address of this machine, or if it
 * means every address and `allowedHosts` is not set, or if `@modelcontextprotocol/node` is not installed
 * @example
 * const handler = tasks.handler(() => new McpServer({ name: 'clock', version: '1.0.0' }));
 * const server = await serveHttp(handler, { port: 3000 });
 * console.log(server.url); // http://127.0.0.1:3000/mcp
 * process.once('SIGTERM', () => void server.close());
 */
export async function serveHttp(handler: ServedHandler, options: ServeHttpOptions = {}): Promise<HttpServer> {
  return await listenHttp(handler, await nodeListener(), options);
}

/** Imported only for serving: workers load this package too. */
async function nodeListener(): Promise<NodeListener> {
  try {
    const { toNodeHandler } = await import('@modelcontextprotocol/node');
    return (handler) => {
      const { maxRequestBodySize } = handler;
      const serve = toNodeHandler(handler, maxRequestBodySize === undefined ? {} : { maxRequestBodySize });
      return async (request, response) => await serve(request as Parameters<typeof serve>[0], response);
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new McpTasksError(
      'CONFIGURATION',
      'serveHttp needs @modelcontextprotocol/node: npm install @modelcontextprotocol/node',
      { cause: error },
    );
  }
}
