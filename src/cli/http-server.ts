/** An MCP endpoint on a port of this machine. @module */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { McpTasksError } from '../task/errors.js';

const HOST = '127.0.0.1';
const PATH = '/mcp';

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `handler` at `http://127.0.0.1:<port>/mcp`, for this machine only: requests that a web page could have caused
 * (a foreign Host or Origin header, DNS rebinding) are refused.
 *
 * @param port 0 for any that is free
 * @throws McpTasksError `CONFIGURATION` if the port is taken
 */
export async function serveHttp(handler: McpHttpHandler, port: number): Promise<HttpServer> {
  const serve = toNodeHandler(handler);
  const checkHost = localhostHostValidation();
  const checkOrigin = localhostOriginValidation();
  const server = createServer((request, response) => {
    if (!checkHost(request, response) || !checkOrigin(request, response)) return;
    // Not by URL, which some request targets are not: `//` would throw here.
    if (request.url?.split('?')[0] === PATH) void serve(request as NodeIncomingMessageLike, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end(`The MCP endpoint is ${PATH}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port)));
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}${PATH}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, handler.close()]);
    },
  };
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  return new McpTasksError('CONFIGURATION', `port ${port} is taken by another program; set PORT to a free one`, { cause: error });
}
