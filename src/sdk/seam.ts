/**
 * The only module that uses private members of `@modelcontextprotocol/sdk` or replaces its methods. The SDK has no
 * public API to wrap its handlers, or to learn when a server is connected and which streams its client has open. A
 * canary test fails if these members change.
 * @module
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type {
  ClientCapabilities,
  JSONRPCRequest,
  RequestId,
  Result,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import type { AuthInfo } from '../mcp/request/owner.js';
import { refusingParams } from '../mcp/request/sdk-params.js';
import { expiredAnswer } from '../mcp/request/token-expiry.js';
import { McpTasksError } from '../task/errors.js';

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
export type Handler = (request: JSONRPCRequest, extra: Extra) => Promise<Result>;

/** The private members of the SDK's `Server` that this module uses. */
interface InsideServer {
  readonly _requestHandlers: Map<string, Handler>;
}

interface HttpStream {
  /** Answers the request if the transport answers with JSON instead of streams. */
  readonly resolveJson?: (response: Response) => void;
  readonly controller?: unknown;
  cleanup(): void;
}

type HandleRequest = (request: Request, options?: { readonly authInfo?: AuthInfo }) => Promise<Response>;

/** Private members of the SDK's `WebStandardStreamableHTTPServerTransport`, which the transport for Node wraps. */
interface InsideTransport {
  readonly _webStandardTransport?: InsideTransport;
  readonly _streamMapping: Map<string, HttpStream>;
  readonly _requestToStreamMapping: ReadonlyMap<RequestId, string>;
  readonly _standaloneSseStreamId: string;
  readonly _eventStore?: unknown;
  handleRequest: HandleRequest;
}

export function handles(mcp: McpServer, method: string): boolean {
  return handlers(mcp).has(method);
}

/**
 * Returns the server's current handler of `method`: the SDK's own, including its validation.
 * @throws McpTasksError `CONFIGURATION` if this version of the SDK has none
 */
export function handlerOf(mcp: McpServer, method: string): Handler {
  const handler = handlers(mcp).get(method);
  if (!handler) throw unsupported();
  return refusingParams(async (request: JSONRPCRequest, extra: Extra) => await handler(request, extra), issuesOf);
}

/** The SDK reports parameters that do not match its schemas with Zod's own error, whose class depends on Zod's version. */
function issuesOf({ name, issues }: Error & { readonly issues?: unknown }): unknown {
  return name.endsWith('ZodError') ? issues : undefined;
}

/** Replaces the server's handler of `method`. The answers of `handler` are sent unchanged. */
export function replaceHandler(mcp: McpServer, method: string, handler: Handler): void {
  handlers(mcp).set(method, handler);
}

/** Sets the client's capabilities, which the client declared to another server instance. */
export function declareCapabilities({ server }: McpServer, capabilities: ClientCapabilities): void {
  (server as unknown as { _clientCapabilities?: ClientCapabilities })._clientCapabilities = capabilities;
}

function handlers(mcp: McpServer): Map<string, Handler> {
  const { _requestHandlers } = mcp.server as unknown as Partial<InsideServer>;
  if (_requestHandlers instanceof Map) return _requestHandlers;
  throw unsupported();
}

function unsupported(): McpTasksError {
  return new McpTasksError(
    'CONFIGURATION',
    'this version of @modelcontextprotocol/sdk is not supported: install ^1.32.2',
  );
}

/**
 * Calls `connected` for each transport of the server, after the SDK has set its listeners and before a message arrives.
 */
export function onConnect({ server }: McpServer, connected: (transport: Transport) => void): void {
  const connect = server.connect.bind(server);
  server.connect = async (transport) => {
    const { start } = transport;
    transport.start = async () => {
      connected(transport);
      await start.call(transport);
    };
    try {
      await connect(transport);
    } finally {
      transport.start = start;
    }
  };
}

/**
 * Puts `serve` in front of the HTTP requests of a transport.
 * @param serve answers a request, with `sdk` if the SDK should see it
 * @returns whether the transport has such requests; stdio has none
 */
export function guardRequests(
  transport: Transport,
  serve: (request: Request, authInfo: AuthInfo | undefined, sdk: () => Promise<Response>) => Promise<Response>,
): boolean {
  const outer = transport as unknown as Partial<InsideTransport>;
  const inner = outer._webStandardTransport ?? outer;
  const { handleRequest } = inner;
  if (!handleRequest) return false;
  inner.handleRequest = async (request, options) =>
    await serve(request, options?.authInfo, async () => await handleRequest.call(inner, request, options));
  return true;
}

/** The open streams of a Streamable HTTP transport's client. */
export interface HttpStreams {
  /**
   * Returns whether a message can be sent on this request's stream or, without a request, on the one that a GET opened.
   */
  carry(requestId?: RequestId): boolean;
  /** Returns whether the request's client has hung up and cannot reconnect for the answer. */
  dropped(requestId: RequestId): boolean;
  /** Ends a stream because the token has expired: the request's or, without a request, the one that a GET opened. */
  expire(requestId?: RequestId): void;
}

/**
 * Watches the streams that a transport's client opens.
 * @param changed called after a stream has been opened or has ended
 * @returns the streams, or `undefined` for a transport that is a single stream, such as stdio
 */
export function watchStreams(transport: Transport, changed: () => void): HttpStreams | undefined {
  const outer = transport as unknown as Partial<InsideTransport>;
  const {
    _streamMapping: streams,
    _requestToStreamMapping: requests,
    _standaloneSseStreamId: standalone = '',
    _eventStore,
  } = outer._webStandardTransport ?? outer;
  if (!streams || !requests) return undefined;
  const { set, delete: remove } = streams;
  streams.set = (id, stream) => {
    set.call(streams, id, stream);
    changed();
    return streams;
  };
  streams.delete = (id) => {
    const removed = remove.call(streams, id);
    changed();
    return removed;
  };
  const streamOf = (requestId: RequestId | undefined) =>
    streams.get(requestId === undefined ? standalone : (requests.get(requestId) ?? ''));
  return {
    carry: (requestId) => streamOf(requestId)?.controller !== undefined,
    // With an event store the client can resume its stream.
    dropped: (requestId) => !_eventStore && streamOf(requestId) === undefined,
    expire(requestId) {
      const stream = streamOf(requestId);
      stream?.resolveJson?.(expiredAnswer(requestId));
      stream?.cleanup();
    },
  };
}
