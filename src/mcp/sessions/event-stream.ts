/** The server-sent event stream that a session's GET opens. @module */
import type { InputKind } from '../../task/input.js';
import type { ServerMessage, Stream } from '../../protocol/stream.js';
import { onceExpired } from '../request/token-expiry.js';

export interface EventStreamOptions {
  readonly session: string;
  readonly answers: readonly InputKind[];
  /** Aborted when the token that opened the stream expires. */
  readonly expired: AbortSignal | undefined;
  /** The interval of keepalive comments, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
}

export class EventStream implements Stream {
  readonly kind = 'session';
  readonly shared = true;
  readonly session: string;
  readonly answers: readonly InputKind[];
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when the client or the server has ended the stream. */
  readonly closed: Promise<void>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #end: () => void = () => undefined;

  constructor({ session, answers, expired, keepAliveMs }: EventStreamOptions) {
    this.session = session;
    this.answers = answers;
    const keepAlive = keepAliveMs > 0 ? setInterval(() => this.#write(': keepalive\n\n'), keepAliveMs) : undefined;
    let forget = (): void => undefined;
    this.closed = new Promise((resolve) => {
      this.#end = () => {
        clearInterval(keepAlive);
        forget();
        this.#controller = undefined;
        resolve();
      };
    });
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#end(),
    });
    forget = onceExpired(expired, () => this.close());
  }

  async send(message: ServerMessage): Promise<void> {
    if (!this.#controller) throw new Error('the stream has ended');
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
