/**
 * Serves a dev server's web UI, with a check in front of it. The UI answers any `Host`, so a web page could read and
 * change workflows through a name of its own that starts to resolve to this machine (DNS rebinding). Therefore the UI
 * itself listens at a hidden address, and this process passes on the requests that the check accepts.
 * @module
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { LOOPBACK, type Ports } from '../../local/index.js';

/** `ui` is the port for people, `web` the one where the UI itself listens. */
export type UiPorts = Ports<'ui' | 'web'>;

export interface UiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** How many connections people's browsers may have open. */
const MOST_CONNECTIONS = 256;
/** Headers that belong to one connection, so they are not passed on. */
const OF_CONNECTION = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'upgrade'];

/**
 * Returns the arguments that make the dev server run the UI at a hidden address, and notes that address in `dir`.
 * Loopback has 16 million addresses on Linux and Windows. On macOS it has one, so there only the port is hidden.
 */
export async function hiddenUi(dir: string, { web }: UiPorts): Promise<string[]> {
  const hidden = ['127', randomInt(256), randomInt(256), randomInt(1, 255)].join('.');
  const address = (await canListen(hidden)) ? hidden : LOOPBACK;
  writeFileSync(addressFile(dir), address, { mode: 0o600 });
  return ['--ui-ip', address, '--ui-port', String(web)];
}

/** Returns the arguments that make the dev server run no UI. */
export function noUi(dir: string): string[] {
  rmSync(addressFile(dir), { force: true });
  return ['--headless'];
}

/**
 * Serves the UI of a running dev server, until this process ends.
 * @returns `undefined` if the dev server was started without a UI
 */
export async function serveUi(
  dir: string,
  { ui, web }: UiPorts,
  log: (line: string, about?: 'address') => void,
): Promise<UiServer | undefined> {
  const host = readAddress(dir);
  if (host === undefined) {
    log(
      'Temporal runs without its web UI, because the process that started it did not ask for one; to get it, stop all processes that use this dev server, then start again',
    );
    return undefined;
  }
  if (host === LOOPBACK)
    log(
      `Temporal's web UI cannot listen at a hidden address on this system: a web page that guesses port ${web} can read and change workflows (DNS rebinding)`,
    );
  const server = createServer((request, response) => {
    const refused = problem(request, portOf(server));
    if (refused === undefined) passOn(request, response, { host, port: web });
    else response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(`${refused}\n`);
  });
  server.maxConnections = MOST_CONNECTIONS;
  // Another process that shares the dev server may serve its UI at this port already.
  await listen(server, ui).catch(async () => await listen(server, 0));
  // Serving the UI must not keep a program running.
  server.unref();
  const url = `http://${LOOPBACK}:${portOf(server)}`;
  log(`Temporal's web UI is at ${url}`, 'address');
  return { url, close: async () => await close(server) };
}

function addressFile(dir: string): string {
  return join(dir, 'ui-address');
}

function readAddress(dir: string): string | undefined {
  try {
    return readFileSync(addressFile(dir), 'utf8');
  } catch {
    return undefined;
  }
}

/** Returns why a request is refused: it is for another host, or comes from a web page of another site. */
function problem({ headers: { host, origin }, url }: IncomingMessage, port: number): string | undefined {
  const names = [LOOPBACK, 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  const here = `Temporal's web UI is at http://${LOOPBACK}:${port}.`;
  if (!names.includes(host?.toLowerCase() ?? ''))
    return `Forbidden: this server does not answer for the host ${JSON.stringify(host ?? '')}. ${here}`;
  if (origin !== undefined && !names.some((name) => origin.toLowerCase() === `http://${name}`))
    return `Forbidden: web pages of ${JSON.stringify(origin)} may not call this server. ${here}`;
  return url?.startsWith('/') ? undefined : `Forbidden: ask for a path, not for a whole URL. ${here}`;
}

function passOn(request: IncomingMessage, response: ServerResponse, to: { host: string; port: number }): void {
  const { method, url: path } = request;
  const upstream = ask({ ...to, method, path, headers: withoutConnection(request.headers) }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
    pipeline(answer, response, () => undefined);
  });
  upstream.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'content-type': 'text/plain' }).end("Temporal's web UI does not answer.\n");
  });
  response.once('close', () => upstream.destroy());
  pipeline(request, upstream, () => undefined);
}

function withoutConnection(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.includes(name)));
}

async function canListen(host: string): Promise<boolean> {
  const server = createTcpServer();
  try {
    server.listen({ host, port: 0 });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ host: LOOPBACK, port });
  await once(server, 'listening');
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
