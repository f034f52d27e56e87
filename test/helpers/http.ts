/** Serves a handler on a real port of the loopback interface. @module */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import type { FetchHandler } from '../../src/sdk/index.js';

export interface Listening {
  readonly url: URL;
  readonly port: number;
  close(): Promise<void>;
}

export async function listen(handler: Pick<FetchHandler, 'fetch'>, port = 0): Promise<Listening> {
  const node = toNodeHandler(handler);
  const server: Server = createServer((request, response) => void node(request as NodeIncomingMessageLike, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    url: new URL(`http://127.0.0.1:${bound}/mcp`),
    port: bound,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
