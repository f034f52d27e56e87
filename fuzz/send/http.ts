/** Sends one HTTP request and collects the answer. @module */
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Whether the answer had ended when the client stopped reading. Streams may stay open. */
  readonly ended: boolean;
}

export interface Sent {
  readonly url: string;
  readonly verb: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Hangs up after this time, in milliseconds, whatever has arrived. @default never */
  readonly hangUpAfter?: number;
  /** How long to read a stream, in milliseconds. @default 400 */
  readonly readFor?: number;
  /** Does not read the answer's body. @default false */
  readonly unread?: boolean;
}

/** How long a server may take to begin its answer, in milliseconds. */
const FIRST_BYTE = 20_000;
/** How long to read a stream, in milliseconds. */
const STREAM = 400;
/** More than any answer should have, in bytes. */
const LARGEST = 4_000_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * @returns `undefined` if the client hung up first, or the server closed the connection without an answer to a request
 * that it could not read
 * @throws Error if no answer begins in time
 */
export async function send({
  url,
  verb,
  headers,
  body,
  hangUpAfter,
  readFor = STREAM,
  unread = false,
}: Sent): Promise<Answer | undefined> {
  const payload = Buffer.from(body, 'utf8');
  return await new Promise((resolve, reject) => {
    const sent = request(url, {
      method: verb,
      agent,
      headers: { ...headers, 'content-length': payload.byteLength },
    });
    const late = setTimeout(() => {
      sent.destroy();
      reject(new Error(`no answer within ${FIRST_BYTE} ms`));
    }, FIRST_BYTE);
    const hangUp =
      hangUpAfter === undefined
        ? undefined
        : setTimeout(() => {
            sent.destroy();
            resolve(undefined);
          }, hangUpAfter);
    const over = (): void => {
      clearTimeout(late);
      clearTimeout(hangUp);
    };
    sent.on('socket', guard);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      over();
      // A server may close the connection before it has read a body that it refuses.
      if (hangUpAfter !== undefined || ['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) resolve(undefined);
      else reject(error);
    });
    sent.on('response', (response) => {
      over();
      const { statusCode: status = 0, headers: given } = response;
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (ended: boolean): void => {
        clearTimeout(enough);
        resolve({ status, headers: given, text: Buffer.concat(chunks).toString('utf8'), ended });
      };
      const stop = (): void => {
        finish(false);
        sent.destroy();
      };
      const stream = given['content-type']?.startsWith('text/event-stream') ?? false;
      const enough = setTimeout(stop, stream || unread ? readFor : FIRST_BYTE);
      if (unread) return;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > LARGEST) stop();
      });
      response.on('end', () => finish(true));
      response.on('error', () => finish(false));
    });
    sent.end(payload);
  });
}

/**
 * Node removes its error handler a moment before it keeps a connection for later. If a write fails in that moment,
 * because the server has answered before it read the whole body, the error would end this process.
 */
function guard(socket: Socket): void {
  if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
}

function ignore(): void {
  // The request's own handler reports an error that matters.
}

/** Closes the connections that wait for further requests. */
export function closeConnections(): void {
  agent.destroy();
}
