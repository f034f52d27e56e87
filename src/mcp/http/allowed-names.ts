/**
 * Refuses HTTP requests that a foreign web page may have caused (DNS rebinding), as both versions of MCP require:
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 * @module
 */
import { McpTasksError } from '../../task/errors.js';

export interface AllowedNames {
  /**
   * The host names at which clients reach this server, besides loopback names, without scheme and port, such as
   * `mcp.example.com`. A request with any other `Host` header is refused.
   * @default none
   */
  readonly allowedHosts?: readonly string[];
  /**
   * The web pages that may call this server, besides those of loopback names and of `allowedHosts`: host names such as
   * `app.example.com`, or whole origins such as `https://app.example.com`. A request with any other `Origin` header is
   * refused; clients that are not browsers send none.
   * @default none
   */
  readonly allowedOrigins?: readonly string[];
}

/** A handler whose `fetch` takes a web-standard request. */
interface Fetching {
  fetch(request: Request, given?: never): Promise<Response>;
}

/** An origin as browsers send it, of any scheme. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/;
/** The `Host` header: a name, an IPv4 address, or an IPv6 address in brackets, and perhaps a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^\s/?#@\\:%[\]]+)(:\d{1,5})?$/i;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The requests that passed the check, so that a handler behind `serveHttp` does not apply its own narrower one. */
const passed = new WeakSet<Request>();

/**
 * Returns a handler that answers 403 to requests for other hosts and from other web pages, and passes on the rest.
 *
 * @throws McpTasksError `CONFIGURATION` if a name is not a host name or an origin
 */
export function onlyAllowedNames<Handler extends Fetching>(handler: Handler, names: AllowedNames): Handler {
  const hosts = [...LOOPBACK, ...namesIn(names, 'allowedHosts').map(hostName)];
  const origins = [...hosts, ...namesIn(names, 'allowedOrigins').map(originName)];
  return {
    ...handler,
    async fetch(request: Request, given?: never) {
      const refused = passed.has(request)
        ? undefined
        : (hostProblem(request, hosts) ?? originProblem(request, origins));
      if (refused !== undefined) return forbidden(refused);
      passed.add(request);
      return await handler.fetch(request, given);
    },
  };
}

/**
 * Returns the names of an option.
 * @throws McpTasksError `CONFIGURATION` if it is not an array of strings: JavaScript authors may pass one name, or an
 * environment variable that is not set
 */
export function namesIn(options: AllowedNames, option: keyof AllowedNames): readonly string[] {
  const names: unknown = options[option] ?? [];
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new McpTasksError('CONFIGURATION', `${option}: write an array of strings`);
}

function hostProblem({ headers, url }: Request, hosts: readonly string[]): string | undefined {
  // Without the header, as in HTTP/2, the URL has the name.
  const host = headers.get('host') ?? new URL(url).host;
  const name = HOST.test(host) ? nameOf(`http://${host}`) : undefined;
  if (name !== undefined && hosts.includes(name)) return undefined;
  return `Forbidden: this server does not answer for the host "${host}". Its operator can allow it (allowedHosts, or serve --allow-host).`;
}

function originProblem({ headers }: Request, origins: readonly string[]): string | undefined {
  const origin = headers.get('origin')?.toLowerCase();
  if (!origin || (ORIGIN.test(origin) && origins.includes(origin))) return undefined;
  const name = isWebOrigin(origin) ? nameOf(origin) : undefined;
  if (name !== undefined && origins.includes(name)) return undefined;
  return `Forbidden: web pages of "${origin}" may not call this server. Its operator can allow them (allowedOrigins, or serve --allow-origin).`;
}

/** Whether the text is the origin of a web page as browsers send it, without a default port or anything else. */
function isWebOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function nameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** MCP: "The HTTP response body MAY comprise a JSON-RPC error response that has no id." */
function forbidden(message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32000, message } }, { status: 403 });
}

/** Whether the text is a host name, or an IP address, without anything else that a URL has. */
export function isHostName(text: string): boolean {
  return text !== '' && nameOf(`http://${text}`) === text.toLowerCase();
}

/** Returns the name in lower case. */
function hostName(name: string): string {
  if (isHostName(name)) return name.toLowerCase();
  throw new McpTasksError(
    'CONFIGURATION',
    `allowedHosts: write a host name without scheme, port and path, such as "mcp.example.com", not "${name}"`,
  );
}

/** Returns the name or the origin in lower case. */
function originName(text: string): string {
  const lower = text.toLowerCase();
  if (/^https?:/.test(lower) ? isWebOrigin(lower) : ORIGIN.test(lower)) return lower;
  if (isHostName(lower)) return lower;
  throw new McpTasksError(
    'CONFIGURATION',
    `allowedOrigins: write a host name such as "app.example.com" or an origin such as "https://app.example.com", not "${text}"`,
  );
}
