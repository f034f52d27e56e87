/** A proxy before a correct server that changes one thing about it: a mutant. @module */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';

export type Serve = (request: Request) => Promise<Response>;

/** Made anew for each proxy, so that what it remembers is its own. */
export type Mutant = (serve: Serve) => Serve;

/** Headers of one connection, which are not passed on. */
const OF_THE_CONNECTION = ['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive'];

function passOn(url: URL): Serve {
  return async (request) => {
    const headers = new Headers(request.headers);
    for (const name of OF_THE_CONNECTION) headers.delete(name);
    const body = request.method === 'POST' ? await request.text() : null;
    const response = await fetch(url, { method: request.method, headers, body, signal: request.signal });
    const answered = new Headers(response.headers);
    for (const name of OF_THE_CONNECTION) answered.delete(name);
    return new Response(response.body, { status: response.status, headers: answered });
  };
}

/** Node sends the head of an answer with the first of its body, which may be long in coming on a stream: a comment goes ahead. */
function begun(response: Response): Response {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  const comment = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(':\n\n')),
  });
  return new Response(response.body.pipeThrough(comment), response);
}

/**
 * Serves `url` as `mutant` changes it.
 *
 * @param hosts all on one port; the first is the address of the proxy
 */
export async function startProxy(
  url: URL,
  mutant: Mutant,
  hosts: readonly string[] = ['127.0.0.1'],
): Promise<{ url: URL; close(): Promise<void> }> {
  const change = mutant(passOn(url));
  const serve = toNodeHandler({ fetch: async (request: Request) => begun(await change(request)) });
  const servers: Server[] = [];
  let port = 0;
  for (const host of hosts) {
    const server = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    ({ port } = server.address() as AddressInfo);
    servers.push(server);
  }
  return {
    url: new URL(`http://${hosts[0]}:${port}${url.pathname}`),
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
    },
  };
}
