/** A server-sent event stream of a session: what its GET opened. @module */
import type { InputKind } from '../../task/input.js';
import { MOST_UNREAD, type ServerMessage, type Stream } from '../request/stream.js';
import { atExpiry } from '../request/token-expiry.js';

export interface EventStreamOptions {
  readonly session: string;
  readonly answers: readonly InputKind[];
  /** When the token it was opened with expires, in seconds since 1970. */
  readonly expiresAt: number | undefined;
  /** In milliseconds; 0: never. */
  readonly keepAliveMs: number;
}

export class EventStream implements Stream {
  readonly kind = 'session';
  readonly shared = true;
  readonly session: string;
  readonly answers: readonly InputKind[];
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when client or server has ended it. */
  readonly closed: Promise<void>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #end: () => void = () => undefined;

  constructor({ session, answers, expiresAt, keepAliveMs }: EventStreamOptions) {
    this.session = session;
    this.answers = answers;
    const keepAlive = keepAliveMs > 0 ? setInterval(() => this.#write(': keepalive\n\n'), keepAliveMs) : undefined;
    const expiry = atExpiry(expiresAt, () => this.close());
    this.closed = new Promise((resolve) => {
      this.#end = () => {
        clearInterval(keepAlive);
        expiry.stop();
        this.#controller = undefined;
        resolve();
      };
    });
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        // At once, so that the client knows that it listens.
        this.#write(': open\n\n');
      },
      cancel: () => this.#end(),
    });
  }

  async send(message: ServerMessage): Promise<void> {
    if (!this.#controller) throw new Error('the stream has ended');
    // A client that does not read any more is as good as gone.
    if ((this.#controller.desiredSize ?? 0) < -MOST_UNREAD) this.close();
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    return await Promise.resolve();
  }

  close(): void {
    this.#controller?.close();
    this.#end();
  }

  #write(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }
}
