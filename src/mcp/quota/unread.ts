/**
 * Bounds how much a response over HTTP holds in memory because its client does not read it. Streams write without
 * waiting for their reader, so unread bytes pile up. They are counted here, for each stream, owner and process.
 * @module
 */
import type { LimitExceeded } from '../../protocol/errors.js';
import { pushedBody, type PushedBody } from '../request/pushed-body.js';
import { wholeText } from '../request/whole-answer.js';

/** Up to this length, in characters, a connection takes a whole answer at once, so it does not count as unread. */
const SMALL = 4_000;

export interface UnreadOptions {
  /** The maximum number of unread bytes of an event stream. A single message may be larger. */
  readonly perStream: number;
  /** Counts bytes, or returns why they are too many. With `force`, they are counted in any case. */
  readonly take: (bytes: number, force: boolean) => LimitExceeded | undefined;
  /** Whether the response may be refused, as the request can be sent again. Event streams are cut off in any case. */
  readonly repeatable: boolean;
  /** Uncounts bytes. */
  readonly give: (bytes: number) => void;
  /** Aborted when the client has hung up. */
  readonly signal: AbortSignal;
  /** Called when a stream is cut off because its client does not read it. */
  readonly cut: (unread: number) => void;
  /** Called once, when the response has been read or nobody reads it any more. */
  readonly over: () => void;
}

/**
 * Returns the response, with its unread bytes counted.
 * @throws LimitExceeded if it is not an event stream and too large for now
 */
export async function countUnread(response: Response, options: UnreadOptions): Promise<Response> {
  const pushed = pushedBody(response);
  if (pushed) {
    countPushed(pushed, options);
    return response;
  }
  const { body, status, statusText, headers } = response;
  const text = wholeText(response);
  if (!body || (text !== undefined && text.length <= SMALL)) {
    if (text !== undefined) countSmall(Buffer.byteLength(text), options);
    options.over();
    return response;
  }
  const unread = new UnreadBody(body.getReader(), options);
  // A response without a stream is in memory already, so its size is known before the headers are sent.
  if (!headers.get('content-type')?.startsWith('text/event-stream')) await unread.first();
  return new Response(unread.stream(), { status, statusText, headers });
}

function countPushed(body: PushedBody, options: UnreadOptions): void {
  const { signal, give, over, cut } = options;
  const hungUp = (): void => body.cancel();
  body.count({
    put: (bytes, unread) => {
      const tooMuch = isTooMuch(options, unread, bytes);
      if (tooMuch) cut(unread);
      return tooMuch;
    },
    give,
    over: () => {
      signal.removeEventListener('abort', hungUp);
      over();
    },
  });
  signal.addEventListener('abort', hungUp, { once: true });
  if (signal.aborted) hungUp();
}

/** Counts bytes of an event stream. Returns whether they are too many; if so, they may not have been counted. */
function isTooMuch({ perStream, take }: UnreadOptions, unread: number, bytes: number): boolean {
  return (unread > 0 && unread + bytes > perStream) || take(bytes, false) !== undefined;
}

/** @throws LimitExceeded if it is too large for now */
function countSmall(bytes: number, { take, give, repeatable }: UnreadOptions): void {
  const exceeded = take(bytes, !repeatable);
  if (exceeded) throw exceeded;
  give(bytes);
}

class UnreadBody {
  readonly #queue: Uint8Array[] = [];
  /** The bytes in the queue, and those that the reader has taken but perhaps not sent yet. */
  #queued = 0;
  #taken = 0;
  #ended = false;
  #over = false;
  /** Whether the response is not an event stream. */
  #whole = false;
  /** Whether the reader has cancelled the stream, or it was cut off. */
  #cancelled = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly source: ReadableStreamDefaultReader<Uint8Array>,
    private readonly options: UnreadOptions,
  ) {
    options.signal.addEventListener('abort', this.#hungUp, { once: true });
    if (options.signal.aborted) this.#hungUp();
  }

  /** @throws LimitExceeded */
  async first(): Promise<void> {
    this.#whole = true;
    const read = await this.source.read().catch((error: unknown) => {
      this.#finish();
      throw error;
    });
    if (read.done) {
      this.#ended = true;
      return;
    }
    const exceeded = this.options.take(read.value.byteLength, !this.options.repeatable);
    if (!exceeded) return this.#put(read.value);
    this.#finish();
    this.#cancelSource();
    throw exceeded;
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#copy(controller).catch((error: unknown) => {
            this.#cancelled = true;
            this.#finish();
            controller.error(error);
          });
        },
        pull: async (controller) => {
          // The reader asks for more, so it has sent what it took before.
          this.#give(this.#taken);
          this.#taken = 0;
          while (this.#queue.length === 0 && !this.#ended && !this.#over)
            await new Promise<void>((resolve) => (this.#wake = resolve));
          const chunk = this.#queue.shift();
          if (chunk && !this.#over) {
            this.#queued -= chunk.byteLength;
            this.#taken = chunk.byteLength;
            controller.enqueue(chunk);
          } else if (!this.#cancelled) {
            this.#finish();
            controller.close();
          }
        },
        cancel: async (reason) => {
          this.#cancelled = true;
          this.#finish();
          await this.source.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #copy(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (!this.#ended && !this.#over) {
      const { done, value } = await this.source.read();
      if (this.#over) return;
      if (done) {
        this.#ended = true;
        this.#wake();
        return;
      }
      const { byteLength } = value;
      if (byteLength === 0) continue;
      const unread = this.#queued + this.#taken;
      const tooMuch = !this.#whole && unread > 0 && unread + byteLength > this.options.perStream;
      if (tooMuch || this.options.take(byteLength, this.#whole && !this.options.repeatable)) {
        this.options.cut(unread);
        this.#cancelled = true;
        this.#finish();
        this.#cancelSource();
        controller.error(new Error('The client did not read its stream'));
        return;
      }
      this.#put(value);
    }
  }

  #put(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queued += chunk.byteLength;
    this.#wake();
  }

  #give(bytes: number): void {
    if (bytes > 0 && !this.#over) this.options.give(bytes);
  }

  readonly #hungUp = (): void => {
    this.#finish();
    this.#cancelSource();
  };

  #cancelSource(): void {
    this.source.cancel().catch(() => undefined);
  }

  #finish(): void {
    if (this.#over) return;
    this.#give(this.#queued + this.#taken);
    this.#over = true;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#taken = 0;
    this.options.signal.removeEventListener('abort', this.#hungUp);
    this.options.over();
    this.#wake();
  }
}
