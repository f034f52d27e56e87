/**
 * The only module that uses private members of `@modelcontextprotocol/server`. The SDK validates every answer to
 * `tools/call` as a `CallToolResult`, which a created task is not, lists the same tools for every request, and sends no
 * headers before the first message. It has no public API to change this. A canary test fails if these members change.
 * @module
 */
import {
  PerRequestHTTPServerTransport,
  SERVER_INFO_META_KEY,
  type ClientCapabilities,
  type Implementation,
  type JSONRPCRequest,
  type McpServer,
  type Result,
  type ServerContext,
  type Transport,
} from '@modelcontextprotocol/server';
import { refusingParams } from '../mcp/request/sdk-params.js';
import { McpTasksError } from '../task/errors.js';

export type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** The private members of the SDK's `Server` that this module uses. */
interface Inside {
  _wrapHandler(method: string, handler: Handler): Handler;
  _getRequestHandler(method: string): Handler | undefined;
  _outboundServerInfo(): Implementation | undefined;
  _clientCapabilities?: ClientCapabilities;
}

/** The private members of the SDK's transport for a single HTTP request that this module uses. */
interface InsideExchange {
  readonly _responseMode: 'auto' | 'json' | 'sse';
  readonly _sse: unknown;
  readonly _closed: boolean;
  readonly _terminalDelivered: boolean;
  upgradeToSse(): void;
}

/**
 * Replaces the server's handler of `method` with `handle`, which also gets the SDK's own handler, including its
 * validation, to pass other requests on.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version lacks these members
 */
export function intercept(
  mcp: McpServer,
  method: 'initialize' | 'tools/call' | 'tools/list',
  handle: (request: JSONRPCRequest, ctx: ServerContext, sdk: Handler) => Promise<Result>,
): void {
  const inside = mcp.server as unknown as Partial<Inside>;
  const wrap = inside._wrapHandler;
  const sdk = inside._getRequestHandler?.(method);
  if (typeof wrap !== 'function' || !sdk) throw unsupported();
  const checked = refusingParams(sdk, issuesOf);
  inside._wrapHandler = () => async (request, ctx) => await handle(request, ctx, checked);
  try {
    // The registered handler does not matter: the wrapper above replaces it.
    mcp.server.setRequestHandler(method, (() => ({})) as never);
  } finally {
    delete inside._wrapHandler;
  }
}

/**
 * Returns a result as this server sends it in a version whose requests state it: complete, and with the server's name.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version lacks these members
 */
export function statelessResult({ server }: McpServer, result: Result): Result {
  const inside = server as unknown as Partial<Inside>;
  if (typeof inside._outboundServerInfo !== 'function') throw unsupported();
  const { _meta = {} } = result;
  return {
    resultType: 'complete',
    ...result,
    _meta: { ..._meta, [SERVER_INFO_META_KEY]: inside._outboundServerInfo() },
  };
}

/**
 * Turns a response into a stream before its first message, so that its headers are sent now. Does nothing on other
 * transports, whose streams are already open, or if the author has turned streams off.
 */
export function openStream(transport: Transport | undefined): void {
  if (!(transport instanceof PerRequestHTTPServerTransport)) return;
  const inside = transport as unknown as Partial<InsideExchange>;
  if (typeof inside.upgradeToSse !== 'function') throw unsupported();
  const answered = inside._closed || inside._terminalDelivered || inside._sse !== undefined;
  if (!answered && inside._responseMode !== 'json') inside.upgradeToSse();
}

/** The SDK reports parameters that do not match its schemas with an ordinary error: its message is Zod's issues as JSON. */
function issuesOf({ message }: Error): unknown {
  if (!message.startsWith('[')) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

function unsupported(): McpTasksError {
  return new McpTasksError(
    'CONFIGURATION',
    'this version of @modelcontextprotocol/server is not supported: install ~2.4.0',
  );
}

/** Sets the client's capabilities, which the client declared to another server instance. */
export function declareCapabilities({ server }: McpServer, capabilities: ClientCapabilities): void {
  (server as unknown as Inside)._clientCapabilities = capabilities;
}

/** Calls `connected` once the server is connected, before any message arrives. */
export function onConnect({ server }: McpServer, connected: (transport: Transport) => void): void {
  const connect = server.connect.bind(server);
  server.connect = async (transport) => {
    await connect(transport);
    connected(transport);
  };
}
