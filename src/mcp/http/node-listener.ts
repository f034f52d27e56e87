/**
 * Converts between Node's HTTP messages and web-standard ones. The body of a request arrives as the handler reads it,
 * and an answer whose text is known is sent without reading it as a stream.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../local/log.js';
import { RPC } from '../../protocol/errors.js';
import { readBodyFrom } from '../request/body.js';
import { noteHangUp } from '../request/hang-up.js';
import { pushedBody, type PushedBody } from '../request/pushed-body.js';
import { failure } from '../request/refusal.js';
import { wholeText } from '../request/whole-answer.js';
import type { FetchHandler } from '../sessions/sessions-http.js';

/** A handler, as `DurableTasks.handler` and `bearerAuth` return it. */
export interface ServedHandler extends FetchHandler {
  /** The paths that the handler answers besides its own. */
  readonly metadataPaths?: readonly string[];
}

/** Returns a listener for Node's requests that answers them with the handler. */
export function nodeListener({ fetch }: Pick<ServedHandler, 'fetch'>, logger: Logger) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const hangUp = new AbortController();
    const gone = (): void => {
      if (!outgoing.writableFinished) hangUp.abort();
    };
    outgoing.once('close', gone);
    // A response that waits for earlier ones on its connection is not told that the connection has closed. Nothing
    // limits how many wait.
    const { socket } = incoming;
    socket.setMaxListeners(0).once('close', gone);
    try {
      // Not awaited on its own, because a local variable would hold the response for as long as its body lasts.
      await answer(incoming, hangUp.signal).then((response) => send(response, outgoing, hangUp.signal));
    } finally {
      socket.off('close', gone);
    }
  };

  async function answer(incoming: IncomingMessage, hungUp: AbortSignal): Promise<Response> {
    const request = requestOf(incoming, hungUp);
    if (!request) return failure(400, RPC.serverError, 'Bad Request: the request line or the Host header is not valid');
    try {
      return await fetch(request);
    } catch (error) {
      if (!hungUp.aborted) logger.error({ err: error }, 'failed to serve a request');
      return failure(500, RPC.internalError, "Internal error; see the server's log");
    }
  }
}

/** Returns the request; `undefined` if its method, path and host make none. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', headers: given } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string') headers.set(name, value);
    else for (const each of value ?? []) headers.append(name, each);
  }
  const duplex = 'half' as const;
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: bodyOf(incoming), duplex };
  try {
    const request = new Request(`http://${given.host ?? 'localhost'}${url}`, { method, headers, signal, ...body });
    readBodyFrom(incoming, request);
    noteHangUp(request, signal);
    return request;
  } catch {
    return undefined;
  }
}

/** Nothing is read before the reader asks for it, because only then it is counted. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Not destroyed when the reader stops: the answer still needs the connection.
        chunks ??= incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks?.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function send(response: Response, outgoing: ServerResponse, hungUp: AbortSignal): Promise<void> {
  const pushed = pushedBody(response);
  if (!pushed) return sendWhole(response, outgoing, hungUp);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  return sendPushed(pushed, outgoing);
}

async function sendWhole(response: Response, outgoing: ServerResponse, hungUp: AbortSignal): Promise<void> {
  const { status, headers, body } = response;
  const text = wholeText(response);
  const sent = Object.fromEntries(headers);
  if (text !== undefined) sent['content-length'] = String(Buffer.byteLength(text));
  outgoing.writeHead(status, sent);
  if (text === undefined && body) await copy(body, outgoing, hungUp);
  outgoing.end(text);
}

function sendPushed(body: PushedBody, outgoing: ServerResponse): Promise<void> {
  return new Promise<void>((resolve) => {
    outgoing.on('drain', () => body.more());
    // Without a connection, nothing drains any more.
    outgoing.once('close', () => body.cancel());
    body.read({
      write: (part) => outgoing.write(part),
      end: () => {
        outgoing.end();
        resolve();
      },
    });
  });
}

async function copy(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, hungUp: AbortSignal): Promise<void> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  hungUp.addEventListener('abort', cancel, { once: true });
  try {
    for (let read = await reader.read(); !read.done && !hungUp.aborted; read = await reader.read()) {
      if (!outgoing.write(read.value)) await drained(outgoing, hungUp);
    }
  } catch {
    // The stream was cut off, and whoever cut it off has logged why.
  }
}

async function drained(outgoing: ServerResponse, hungUp: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      hungUp.removeEventListener('abort', done);
      resolve();
    };
    outgoing.once('drain', done);
    hungUp.addEventListener('abort', done, { once: true });
    if (hungUp.aborted) done();
  });
}
