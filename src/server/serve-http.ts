/** `serveHttp` for handlers of `@modelcontextprotocol/server`. @module */
import type { IncomingMessage } from 'node:http';
import type { toNodeHandler as ToNodeHandler } from '@modelcontextprotocol/node';
import {
  listenHttp,
  type HttpServer,
  type NodeListener,
  type ServedHandler,
  type ServeHttpOptions,
} from '../mcp/http/node-server.js';
import type { FetchHandler } from '../mcp/sessions/sessions-http.js';
import { McpTasksError } from '../task/errors.js';

/** What the SDK's adapter takes for a request of Node. */
type AdaptedRequest = Parameters<ReturnType<typeof ToNodeHandler>>[0];

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
    return (handler) => async (request, response) => {
      const streamed: FetchHandler = {
        ...handler,
        fetch: async (bodiless) => await handler.fetch(withBody(bodiless, request)),
      };
      await toNodeHandler(streamed)(withoutBody(request), response);
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

/**
 * Returns the request as one without a body. The SDK's adapter would read the whole body before the handler is called,
 * for callers without a token too, and nothing would limit how many bodies are held in memory.
 */
function withoutBody({ method, url, headers }: IncomingMessage): AdaptedRequest {
  const { 'content-length': _, ...others } = headers;
  return { method, url, headers: others, async *[Symbol.asyncIterator]() {} } as unknown as AdaptedRequest;
}

/** Returns the request with the body of Node's request, which arrives as the handler reads it. */
function withBody(bodiless: Request, request: IncomingMessage): Request {
  const { method } = bodiless;
  if (method === 'GET' || method === 'HEAD') return bodiless;
  const headers = new Headers(bodiless.headers);
  const { 'content-length': length } = request.headers;
  if (length !== undefined) headers.set('content-length', length);
  // Not destroyed when the handler stops reading: its answer still needs the connection.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Request(bodiless, { method, headers, body, duplex: 'half' });
}
