/** One HTTP request of the client and the server's response to it: a JSON body or a stream of events. @module */
import { createParser } from 'eventsource-parser';
import { seen } from '../suite/verdict.js';
import { Feed } from './feed.js';
import type { Message } from './message.js';

export interface Head {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Headers;
}

export interface ServerEvent {
  /** The event's `id` field. */
  readonly id?: string;
  /** Absent in an event without data, such as the one that lets a client resume the stream. */
  readonly message?: Message;
  readonly exchange: Exchange;
}

export class Exchange {
  readonly feed = new Feed<ServerEvent>();
  readonly head: Promise<Head>;
  /**
   * Resolves once nothing more will arrive, for whatever reason; never rejects. The text is the body, and is empty for
   * an event stream or a failed request.
   */
  readonly ended: Promise<string>;
  /** The stream's last `retry` field, in milliseconds. */
  retry: number | undefined;
  readonly #abort = new AbortController();

  constructor(
    readonly name: string,
    send: (signal: AbortSignal) => Promise<Response>,
    private readonly deliver: (event: ServerEvent) => void,
  ) {
    const response = send(this.#abort.signal);
    this.head = response.then(({ status, headers }) => ({
      status,
      headers,
      contentType: headers.get('content-type') ?? '',
    }));
    this.ended = response
      .then(async (answer) => {
        const text = await this.#read(answer);
        return this.#end(
          `${name}: HTTP ${answer.status} ended without what was waited for${text && `, with ${seen(text)}`}`,
          text,
        );
      })
      .catch((error: unknown) => this.#end(`${name}: ${reasonOf(error)}`, ''));
    // Nobody has to wait for the head, so its rejection must not count as unhandled.
    this.head.catch(() => undefined);
  }

  /** Hangs up on the server. */
  abort(): void {
    this.#abort.abort();
  }

  #end(why: string, text: string): string {
    this.feed.close(why);
    return text;
  }

  async #read(response: Response): Promise<string> {
    if (!response.headers.get('content-type')?.startsWith('text/event-stream'))
      return this.#readJson(await response.text());
    const parser = createParser({
      onEvent: ({ id, data }) =>
        this.#arrived({
          exchange: this,
          ...(id === undefined ? {} : { id }),
          ...(data === '' ? {} : { message: JSON.parse(data) as Message }),
        }),
      onRetry: (retry) => void (this.retry = retry),
    });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    return '';
  }

  #readJson(text: string): string {
    try {
      const message = JSON.parse(text) as Message;
      this.#arrived({ message, exchange: this });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    return text;
  }

  #arrived(event: ServerEvent): void {
    this.feed.push(event);
    this.deliver(event);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
