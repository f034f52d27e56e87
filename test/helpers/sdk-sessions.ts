/** V1 servers the way authors serve them: a transport per session in this process's memory, or per request. @module */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  WebStandardStreamableHTTPServerTransport,
  type WebStandardStreamableHTTPServerTransportOptions,
} from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Listening } from './http.js';
import type { Endpoint } from './session-client.js';

export function sessionful(
  factory: () => McpServer,
  options: WebStandardStreamableHTTPServerTransportOptions = {},
): Endpoint {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  return {
    async fetch(request, given) {
      const known = transports.get(request.headers.get('mcp-session-id') ?? '');
      if (known) return await known.handleRequest(request, given);
      const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
        ...options,
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, transport),
      });
      await factory().connect(transport);
      return await transport.handleRequest(request, given);
    },
  };
}

export function stateless(factory: () => McpServer): Endpoint {
  return {
    async fetch(request, given) {
      const transport = new WebStandardStreamableHTTPServerTransport();
      await factory().connect(transport);
      return await transport.handleRequest(request, given);
    },
  };
}

/** Serves sessions through Node's own requests and responses, on a real port. */
export async function listenSessionful(factory: () => McpServer): Promise<Listening> {
  const transports = new Map<unknown, StreamableHTTPServerTransport>();
  const server = createServer((request, response) => void serve(request, response));
  async function serve(
    ...[request, response]: Parameters<StreamableHTTPServerTransport['handleRequest']>
  ): Promise<void> {
    let transport = transports.get(request.headers['mcp-session-id']);
    if (!transport) {
      const begun = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, begun),
      });
      await factory().connect(begun);
      transport = begun;
    }
    await transport.handleRequest(request, response);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
