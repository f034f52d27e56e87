/** A stream of server-sent events: the one that a session's GET opens, or one that answers a request. @module */
import type { InputKind } from '../../task/input.js';
import type { ServerMessage, Stream } from '../../protocol/stream.js';
import { onceExpired } from '../request/token-expiry.js';

export interface EventStreamOptions extends Pick<Stream, 'kind' | 'session' | 'answers'> {
  /** Aborted when the token that opened the stream expires. @default the stream outlives the token */
  readonly expired?: AbortSignal | undefined;
  /** The interval of keepalive comments, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
}

const ENCODER = new TextEncoder();

export class EventStream implements Stream {
  readonly kind: Stream['kind'];
  readonly shared: boolean;
  readonly session: string | undefined;
  readonly answers: readonly InputKind[] | undefined;
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when the client or the server has ended the stream. */
  readonly closed: Promise<void>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #end: () => void = () => undefined;

  constructor({ kind, session, answers, expired, keepAliveMs }: EventStreamOptions) {
    this.kind = kind;
    this.shared = kind === 'session';
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
    this.#writeMessage(message);
    return await Promise.resolve();
  }

  /** Ends the stream with the answer to its request. Does nothing if the stream has ended. */
  answer(message: object): void {
    this.#writeMessage(message);
    this.close();
  }

  close(): void {
    this.#controller?.close();
    this.#end();
  }

  #writeMessage(message: object): void {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  #write(text: string): void {
    this.#controller?.enqueue(ENCODER.encode(text));
  }
}
