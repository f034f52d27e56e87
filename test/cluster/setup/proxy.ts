/** A plain round-robin proxy: each request goes to the next server, whatever its task, and is never retried. @module */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: URL;
  /** The ports that requests were forwarded to, in order. */
  readonly went: readonly number[];
  close(): Promise<void>;
}

export async function startProxy(servers: readonly URL[]): Promise<Proxy> {
  const went: number[] = [];
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const target = servers[went.length % servers.length] as URL;
    went.push(Number(target.port));
    const headers = { ...incoming.headers, host: target.host };
    const upstream = request(target, { method: incoming.method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    });
    upstream.once('error', () =>
      outgoing.headersSent
        ? outgoing.destroy()
        : outgoing.writeHead(502, { 'content-type': 'text/plain' }).end('Bad Gateway\n'),
    );
    incoming.pipe(upstream);
  };
  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    went,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
