/**
 * The codec server: decrypts payloads for Temporal's UI and CLI on the machine that it runs on. It listens on the
 * loopback interface only, and answers only the UI's own pages.
 * https://docs.temporal.io/codec-server
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec } from '@temporalio/common';
import { codecAnswer } from '../encryption/remote.js';
import { isMcpTasksError } from '../task/errors.js';
import type { Logger } from '../local/log.js';
import { listen } from '../mcp/http/node-server.js';

/** The maximum size of a request's body, in bytes: a page of history events in base64. */
const LARGEST_BODY = 16 * 1024 * 1024;
/** How long a client may take to send its request, in milliseconds. */
const REQUEST_TIMEOUT = 30_000;
/** How much of the reason for a refusal is logged, in characters. It names the key's ID, which the request contains. */
const LONGEST_REASON = 300;
const HOST = '127.0.0.1';
/**
 * `/decode`, or with the namespace, as in the endpoint `http://localhost:8081/{namespace}`. Temporal's CLI leaves that
 * empty unless it is given one.
 */
const PATH = /^(?:\/[^/?]*)?\/(encode|decode)$/;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const HEADERS = 'content-type, x-namespace, authorization';

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** 0 for any free port. */
  readonly port: number;
  /** Returns the origins of the UI's pages, such as `http://localhost:8233`. Called for each request of a page. */
  readonly origins: () => readonly string[];
  /** If set, requests must have `Authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  readonly logger: Logger;
}

export interface CodecServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the server.
 * @throws McpTasksError `CONFIGURATION` if the port is taken or reserved
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      // If the request was cut off, nobody waits for an answer.
      if (!request.complete) return void response.destroy();
      options.logger.error({ error: nameOf(error) }, 'codec request failed');
      refuse(response, 500, 'The codec server failed. Its log says why.');
    });
  });
  await listen(server, HOST, options.port);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins, token, logger }: CodecServerOptions,
): Promise<void> {
  const { host = '', origin, authorization, 'content-type': type = '' } = request.headers;
  // A page of another site can reach this server under a name of its own (DNS rebinding), or send a simple request.
  if (!LOOPBACK.test(host)) return refuse(response, 403, 'Use the name localhost to reach this server.');
  if (origin !== undefined && !origins().includes(origin))
    return refuse(
      response,
      403,
      `Pages of ${origin} may not call this server. To allow them, start it with --ui ${origin}.`,
    );
  response.setHeader('cache-control', 'no-store');
  if (origin !== undefined) allow(response, origin);
  const [, action] = PATH.exec(request.url?.split('?')[0] ?? '') ?? [];
  if (action === undefined) return refuse(response, 404, 'The endpoints are /encode and /decode.');
  if (request.method === 'OPTIONS') return preflight(request, response);
  if (request.method !== 'POST') return refuse(response, 405, 'Use POST.');
  if (token !== undefined && !isToken(authorization, token))
    return refuse(response, 401, 'This server requires its token. Send Authorization: Bearer <MCP_TASKS_CODEC_TOKEN>.');
  if (!type.startsWith('application/json')) return refuse(response, 415, 'Send application/json.');
  const body = await read(request);
  if (body === undefined) return refuse(response, 413, `A request must be at most ${LARGEST_BODY / 1024 / 1024} MiB.`);
  const done = await codecAnswer(codec, action as 'encode' | 'decode', body);
  if (done.status !== 200) {
    logger.warn({ status: done.status }, `codec request refused: ${done.body.slice(0, LONGEST_REASON)}`);
    return refuse(response, done.status, done.body);
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(done.body);
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin');
}

function preflight({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-methods', 'POST').setHeader('access-control-allow-headers', HEADERS);
  // Browsers ask before a public page, such as Temporal Cloud's, calls a private address.
  if (headers['access-control-request-private-network'] === 'true')
    response.setHeader('access-control-allow-private-network', 'true');
  response.writeHead(204).end();
}

/** Compares digests, which have the same length, so that the time says nothing about the token. */
function isToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

/** Returns the body; `undefined` if it is too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  // The rest of the request is not read.
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${message}\n`);
}

/** The message of an unexpected error may quote what could not be processed. */
function nameOf(error: unknown): string {
  return isMcpTasksError(error) ? error.message : error instanceof Error ? error.name : typeof error;
}
