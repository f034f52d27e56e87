/**
 * The one place that reaches into `@modelcontextprotocol/sdk`, which offers no way to stand in front of its own handlers, nor
 * to learn which streams a client has open. A canary test fails when this seam moves.
 * @module
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type {
  JSONRPCRequest,
  RequestId,
  Result,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { McpTasksError } from '../task/errors.js';

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
export type Handler = (request: JSONRPCRequest, extra: Extra) => Promise<Result>;

/** The members of the SDK's `Server` that are used although they are not public. */
interface InsideServer {
  readonly _requestHandlers: Map<string, Handler>;
}

interface HttpStream {
  readonly controller?: unknown;
  cleanup(): void;
}

/** Those of its `WebStandardStreamableHTTPServerTransport`, around which there is another one for Node. */
interface InsideTransport {
  readonly _webStandardTransport?: InsideTransport;
  readonly _streamMapping: Map<string, HttpStream>;
  readonly _requestToStreamMapping: ReadonlyMap<RequestId, string>;
  readonly _standaloneSseStreamId: string;
  readonly _eventStore?: unknown;
}

export function handles(mcp: McpServer, method: string): boolean {
  return handlers(mcp).has(method);
}

/**
 * The server's handler of `method`, as it is now: the SDK's own, with its validation.
 * @throws McpTasksError `CONFIGURATION` if the SDK's version has none
 */
export function handlerOf(mcp: McpServer, method: string): Handler {
  const handler = handlers(mcp).get(method);
  if (!handler) throw unsupported();
  return handler;
}

/** Puts `handler` in the place of the one there is; its answers are sent as they are. */
export function replaceHandler(mcp: McpServer, method: string, handler: Handler): void {
  handlers(mcp).set(method, handler);
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

/** The streams that the client of a Streamable HTTP transport has open. */
export interface HttpStreams {
  /** Whether a message that belongs to this request would reach the client; without one, on the stream that GET opens. */
  carry(requestId?: RequestId): boolean;
  /** Whether the request's client has hung up, and cannot come back for the answer. */
  dropped(requestId: RequestId): boolean;
  /** Ends the request's stream, or the one that GET opened. */
  end(requestId?: RequestId): void;
}

/**
 * @param changed called when a stream has been opened or has ended
 * @returns `undefined` for a transport that is one stream, such as stdio
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
    // With an event store a client can resume its stream.
    dropped: (requestId) => !_eventStore && streamOf(requestId) === undefined,
    end: (requestId) => streamOf(requestId)?.cleanup(),
  };
}
