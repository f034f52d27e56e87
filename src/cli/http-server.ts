/** An MCP endpoint on a port. @module */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  hostHeaderValidation,
  originValidation,
  toNodeHandler,
  type NodeIncomingMessageLike,
} from '@modelcontextprotocol/node';
import { localhostAllowedHostnames } from '@modelcontextprotocol/server';
import type { FetchHandler } from '../mcp/sessions/sessions-http.js';
import { McpTasksError } from '../task/errors.js';

/** How long requests in progress may take to end when the server stops, in milliseconds. */
const CLOSE_GRACE = 3_000;

export interface HttpServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** The path of the MCP endpoint. @default '/mcp' */
  readonly path?: string;
  /** Further paths that the handler answers. */
  readonly morePaths?: readonly string[];
  /** Host names, besides loopback, that requests may be addressed to. */
  readonly allowedHosts?: readonly string[];
  /** Host names, besides loopback, whose web pages may send requests. */
  readonly allowedOrigins?: readonly string[];
}

export interface HttpServer {
  readonly url: string;
  /** Stops accepting requests, ends the streams gracefully and gives other requests a moment to finish. */
  close(): Promise<void>;
}

/**
 * Serves `handler`. Refuses requests with a foreign Host or Origin header, which another site's web page may have
 * caused (DNS rebinding).
 *
 * @param port 0 for any free port
 * @throws McpTasksError `CONFIGURATION` if the port is taken or reserved, or the host is not an address of this machine
 */
export async function serveHttp(
  handler: FetchHandler,
  port: number,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const { host = '127.0.0.1', path = '/mcp', morePaths = [], allowedHosts = [], allowedOrigins = [] } = options;
  const serve = toNodeHandler(handler);
  const paths = new Set([path, ...morePaths]);
  const checkHost = hostHeaderValidation([...localhostAllowedHostnames(), ...allowedHosts]);
  const checkOrigin = originValidation([...localhostAllowedHostnames(), ...allowedOrigins]);
  const server = createServer((request, response) => {
    // A kept-alive connection would delay closing.
    response.once('close', () => server.listening || server.closeIdleConnections());
    if (!checkHost(request, response) || !checkOrigin(request, response)) return;
    // Don't parse the target as a URL: not every target is one, and `//` would throw here.
    if (paths.has(request.url?.split('?')[0] ?? '')) void serve(request as NodeIncomingMessageLike, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end(`The MCP endpoint is ${path}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    url: httpUrl(host, (server.address() as AddressInfo).port, path),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.race([Promise.all([closed, handler.close()]), delay(CLOSE_GRACE, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @param host a name, or an IPv4 or IPv6 address */
export function httpUrl(host: string, port: number, path: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new McpTasksError(
      'CONFIGURATION',
      `port ${port} is taken by another program; set PORT (or --port) to a free one`,
      { cause: error },
    );
  if (error.code === 'EACCES')
    return new McpTasksError(
      'CONFIGURATION',
      `port ${port} is not for this user; set PORT (or --port) to one above 1023`,
      { cause: error },
    );
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new McpTasksError('CONFIGURATION', `${host} is no address of this machine`, { cause: error });
  return error;
}
