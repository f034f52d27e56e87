/** The v1 SDK's own task server, in memory and with sessions: a third-party 2025-11-25 server. @module */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

export interface V1Server {
  readonly url: URL;
  /** Counts the GET streams opened so far. Anything sent to a session before it opens its stream is lost. */
  streams(): number;
  close(): Promise<void>;
}

/** Serves the tools that `register` adds to each session's server. All sessions share one task store. */
export async function startV1Server(register: (server: McpServer) => void): Promise<V1Server> {
  const taskStore = new InMemoryTaskStore();
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
    const server = new McpServer(
      { name: 'v1', version: '1.0.0' },
      { capabilities, taskStore, taskMessageQueue: new InMemoryTaskMessageQueue(), defaultTaskPollInterval: 50 },
    );
    register(server);
    await server.connect(transport);
    return transport;
  };
  let streams = 0;
  const http = createServer((request, response) => {
    if (request.method === 'GET') streams++;
    const transport = sessions.get(String(request.headers['mcp-session-id']));
    void (async () => await (transport ?? (await open())).handleRequest(request, response))();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`),
    streams: () => streams,
    async close() {
      // Ends the requests that wait for an answer, which would otherwise time out a minute later.
      await Promise.all([...sessions.values()].map(async (transport) => await transport.close()));
      taskStore.cleanup();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
