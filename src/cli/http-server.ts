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

/** How long requests under way may take to end when the server stops, in milliseconds. */
const CLOSE_GRACE = 3_000;

export interface HttpServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** Where the MCP endpoint is. @default '/mcp' */
  readonly path?: string;
  /** Further paths that the handler answers. */
  readonly morePaths?: readonly string[];
  /** Host names, besides those of loopback, that requests may be addressed to. */
  readonly allowedHosts?: readonly string[];
  /** Host names, besides those of loopback, whose web pages may send requests. */
  readonly allowedOrigins?: readonly string[];
}

export interface HttpServer {
  readonly url: string;
  /** Takes no more requests, ends the streams in good order and gives the rest a moment. */
  close(): Promise<void>;
}

/**
 * Serves `handler`. Requests that a web page of somebody else could have caused (a foreign Host or Origin header, DNS
 * rebinding) are refused.
 *
 * @param port 0 for any that is free
 * @throws McpTasksError `CONFIGURATION` if the port is taken, or the host is not this machine's
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
    // A connection that was kept alive would hold up the closing.
    response.once('close', () => server.listening || server.closeIdleConnections());
    if (!checkHost(request, response) || !checkOrigin(request, response)) return;
    // Not by URL, which some request targets are not: `//` would throw here.
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

/** @param host a name, or an address of either kind */
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
