/** `serveHttp` for handlers of `@modelcontextprotocol/sdk`. @module */
import { getRequestListener } from '@hono/node-server';
import { listenHttp, type HttpServer, type ServedHandler, type ServeHttpOptions } from '../mcp/http/node-server.js';

/**
 * Serves a handler over HTTP: listens on a port, refuses requests for other hosts and from other web pages (403), and
 * answers 404 outside the endpoint's path. The handler accepts the names allowed here too.
 *
 * @param handler what `DurableTasks.handler` returned
 * @throws McpTasksError `CONFIGURATION` if the port is taken, if `host` is not an address of this machine, or if it
 * means every address and `allowedHosts` is not set
 * @example
 * const handler = tasks.handler(() => new McpServer({ name: 'clock', version: '1.0.0' }));
 * const server = await serveHttp(handler, { port: 3000 });
 * console.log(server.url); // http://127.0.0.1:3000/mcp
 * process.once('SIGTERM', () => void server.close());
 */
export async function serveHttp(handler: ServedHandler, options: ServeHttpOptions = {}): Promise<HttpServer> {
  return await listenHttp(
    handler,
    (served) => getRequestListener(async (request) => await served.fetch(request), { overrideGlobalObjects: false }),
    options,
  );
}
