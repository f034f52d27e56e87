/** A stream of server-sent events: the one that a session's GET opens, or one that answers a request. @module */
import type { Clock } from '../../local/clock.js';
import type { InputKind } from '../../task/input.js';
import type { ServerMessage, Stream } from '../../protocol/stream.js';
import { PushedBody } from '../request/pushed-body.js';
import { onceExpired } from '../request/token-expiry.js';

export interface EventStreamOptions extends Pick<Stream, 'kind' | 'session' | 'answers'> {
  /** Aborted when the token that opened the stream expires. */
  readonly expired: AbortSignal | undefined;
  /** When to send keepalive comments. */
  readonly keepAlive: Clock;
}

const ENCODER = new TextEncoder();
/** The first part, because servers send the headers with it. */
const OPEN = ENCODER.encode(': open\n\n');
const KEEPALIVE = ENCODER.encode(': keepalive\n\n');

export class EventStream implements Stream {
  readonly kind: Stream['kind'];
  readonly shared: boolean;
  readonly session: string | undefined;
  readonly answers: readonly InputKind[] | undefined;
  /** Resolves when the client or the server has ended the stream. */
  readonly closed: Promise<void>;
  readonly #body = new PushedBody(() => this.#end());
  #ended = false;
  #end: () => void = () => undefined;

  constructor({ kind, session, answers, expired, keepAlive }: EventStreamOptions) {
    this.kind = kind;
    this.shared = kind === 'session';
    this.session = session;
    this.answers = answers;
    const stop = keepAlive.add(() => this.#body.push(KEEPALIVE));
    let forget = (): void => undefined;
    this.closed = new Promise((resolve) => {
      this.#end = () => {
        this.#ended = true;
        stop();
        forget();
        resolve();
      };
    });
    this.#body.push(OPEN);
    forget = onceExpired(expired, () => this.close());
  }

  /** Returns the response whose body the stream is. */
  respond(): Response {
    return this.#body.respond({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  }

  async send(message: ServerMessage): Promise<void> {
    if (this.#ended) throw new Error('the stream has ended');
    this.#write(message);
    return await Promise.resolve();
  }

  /** Ends the stream with the answer to its request. Does nothing if the stream has ended. */
  answer(message: object): void {
    this.#write(message);
    this.close();
  }

  close(): void {
    this.#body.end();
    this.#end();
  }

  #write(message: object): void {
    this.#body.push(ENCODER.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`));
  }
}
