/** An MCP endpoint on a port. @module */
import { createServer, type Server } from 'node:http';
import { isIPv4, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { McpTasksError } from '../../task/errors.js';
import { stderrLogger, type Logger } from '../../local/log.js';
import { milliseconds, type Duration } from '../../task/duration.js';
import { nodeListener, type ServedHandler } from './node-listener.js';
import { StalledReaders } from './stalled-readers.js';
import { namesIn, onlyAllowedNames, type AllowedNames } from './allowed-names.js';

/** How long requests in progress may take to end when the server stops, in milliseconds. */
const CLOSE_GRACE = 3_000;

/** The options of `serveHttp`: where it listens, and who may call. */
export interface ServeHttpOptions extends AllowedNames {
  /** The port to listen on; 0 for any free one. @default 3000 */
  readonly port?: number;
  /**
   * The address to listen on. If other machines can reach it, anyone there can call the tools unless the handler
   * requires tokens (`bearerAuth`).
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /** The path of the MCP endpoint. @default '/mcp' */
  readonly path?: string;
  /**
   * How long a client may read nothing of a pending response before its connection is closed.
   * @default '1 minute'
   */
  readonly readTimeout?: Duration;
  /**
   * How long a connection stays open between two requests. Behind a load balancer, set more than the load balancer's own
   * idle timeout, which is often a minute. Otherwise it may send a request on a connection that is being closed.
   * @default '75 seconds'
   */
  readonly idleTimeout?: Duration;
  /** @default JSON lines on stderr */
  readonly logger?: Logger;
}

/** A server that `serveHttp` started. */
export interface HttpServer {
  /** The URL of the MCP endpoint, with the address that the server listens on. */
  readonly url: string;
  /** Stops accepting requests, ends the streams gracefully and gives other requests 3 s to finish. */
  close(): Promise<void>;
}

/**
 * Serves a handler over HTTP: listens on a port, refuses requests for other hosts and from other web pages (403), and
 * answers 404 outside the endpoint's path. The handler accepts the names allowed here too.
 *
 * @param handler what `DurableTasks.handler`, `Gateway.handler` or `bearerAuth` returned
 * @throws McpTasksError `CONFIGURATION` if the port is taken or reserved, if `host` is not an address of this machine,
 * or if it means every address and `allowedHosts` is not set
 * @example
 * const handler = tasks.handler(() => new McpServer({ name: 'clock', version: '1.0.0' }));
 * const server = await serveHttp(handler, { port: 3000 });
 * console.log(server.url); // http://127.0.0.1:3000/mcp
 * process.once('SIGTERM', () => void server.close());
 */
export async function serveHttp(
  handler: ServedHandler,
  {
    host = '127.0.0.1',
    port = 3000,
    path = '/mcp',
    readTimeout = '1 minute',
    idleTimeout = '75 seconds',
    logger,
    ...names
  }: ServeHttpOptions = {},
): Promise<HttpServer> {
  const allowedHosts = [...namesIn(names, 'allowedHosts'), ...ownName(host)];
  if (isEveryAddress(host) && allowedHosts.length === 0) {
    throw new McpTasksError(
      'CONFIGURATION',
      `to listen on ${host || 'every address'}, name the hosts at which clients reach this server: allowedHosts: ['mcp.example.com']. Requests for any other host are refused (DNS rebinding)`,
    );
  }
  const log = logger ?? stderrLogger();
  const stalled = new StalledReaders(milliseconds(readTimeout, 'readTimeout'), log);
  const serve = nodeListener(onlyAllowedNames(handler, { ...names, allowedHosts }), log);
  const paths = new Set([path, ...(handler.metadataPaths ?? [])]);
  // Node's limits on the time that a request itself takes to arrive still apply.
  const keepAliveTimeout = milliseconds(idleTimeout, 'idleTimeout');
  const server = createServer({ keepAliveTimeout }, (request, response) => {
    stalled.watch(response);
    // A kept-alive connection would delay closing.
    response.once('close', () => server.listening || server.closeIdleConnections());
    // Don't parse the target as a URL: not every target is one, and `//` would throw here.
    if (paths.has(request.url?.split('?')[0] ?? '')) void serve(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end(`The MCP endpoint is ${path}\n`);
  });
  await listen(server, host, port);
  return {
    url: httpUrl(host, (server.address() as AddressInfo).port, path),
    async close() {
      stalled.close();
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.race([Promise.all([closed, handler.close()]), delay(CLOSE_GRACE, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * How many connections may wait to be accepted, if the operating system allows as many: after a restart, all clients
 * connect again at once. Node's default is 511.
 */
const BACKLOG = 4_096;

/**
 * Makes a server listen.
 * @throws McpTasksError `CONFIGURATION` if the port is taken or reserved, or the host is not an address of this machine
 */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
}

/** @param host a name, or an IPv4 or IPv6 address */
export function httpUrl(host: string, port: number, path: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

export function isEveryAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** Returns the name that URLs of this address have. */
function ownName(host: string): string[] {
  const url = httpUrl(host, 1, '/');
  return isEveryAddress(host) || !URL.canParse(url) ? [] : [new URL(url).hostname];
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const problem = {
    EADDRINUSE: `port ${port} is in use by another program: choose another one (on the command line, PORT or --port)`,
    EACCES: `this user may not listen on port ${port}: choose one above 1023 (on the command line, PORT or --port)`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
    ENOTFOUND: `${host} is not an address of this machine`,
  }[error.code ?? ''];
  return problem === undefined ? error : new McpTasksError('CONFIGURATION', problem, { cause: error });
}
