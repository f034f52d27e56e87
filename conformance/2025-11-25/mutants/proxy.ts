/** A proxy in front of a correct server that changes one thing about it: a mutant. @module */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';

export type Serve = (request: Request) => Promise<Response>;

/** Changes one behavior of a server. Each proxy needs a new mutant, because a mutant may keep state. */
export type Mutant = (serve: Serve) => Serve;

/** Headers that belong to one connection and must not be passed on. */
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

/**
 * Starts event streams with a comment. Node sends the response head together with the first chunk of the body, which
 * may take long to arrive on a stream.
 */
function begun(response: Response): Response {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  const comment = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(':\n\n')),
  });
  return new Response(response.body.pipeThrough(comment), response);
}

/**
 * Serves the server at `url` with the changes of `mutant`.
 *
 * @param hosts the addresses to listen on, all on the same port; the first is in the returned URL
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
