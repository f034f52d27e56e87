/**
 * Bodies of responses whose parts are pushed by the server: event streams. Thousands may be open, so Node's server takes
 * the parts without web streams in between, each of which needs several kilobytes.
 * @module
 */

/** Takes the parts of a body. */
export interface PartReader {
  /** Takes a part, and returns whether it can take another one. If not, it calls {@link PushedBody.more} when it can. */
  write(part: Uint8Array): boolean;
  /** The body is complete; with an error, it has been cut off. */
  end(error?: Error): void;
}

/** Counts the bytes of a body that its reader has not read. */
export interface UnreadCount {
  /** Counts bytes. Returns whether the body has to be cut off, because they are too many. */
  readonly put: (bytes: number, unread: number) => boolean;
  /** Uncounts bytes. */
  readonly give: (bytes: number) => void;
  /** Called once, when the body has been read, or nobody reads it any more. */
  readonly over: () => void;
}

const bodies = new WeakMap<Response, PushedBody>();

/** Returns the body of a response that {@link PushedBody.respond} made; `undefined` for any other. */
export function pushedBody(response: Response): PushedBody | undefined {
  return bodies.get(response);
}

export class PushedBody {
  #queue: Uint8Array[] = [];
  #reader: PartReader | undefined;
  #count: UnreadCount | undefined;
  /** The bytes in the queue, and those that the reader has taken but perhaps not sent yet. */
  #unread = 0;
  #taken = 0;
  /** Whether the reader cannot take more yet. */
  #full = false;
  #complete = false;
  #over = false;
  #error: Error | undefined;

  /** @param gone called if nobody reads the body any more */
  constructor(private readonly gone: () => void) {}

  respond(headers: Readonly<Record<string, string>>): Response {
    const response = new Response(this.#webStream(), { headers });
    bodies.set(response, this);
    return response;
  }

  /** Does nothing once the body is complete or nobody reads it any more. */
  push(part: Uint8Array): void {
    if (this.#complete || this.#over) return;
    if (this.#count?.put(part.byteLength, this.#unread) === true) return this.#cut();
    this.#queue.push(part);
    this.#unread += part.byteLength;
    this.#flush();
  }

  /** Completes the body. */
  end(): void {
    this.#complete = true;
    this.#flush();
  }

  /** Counts what is unread from now on. */
  count(count: UnreadCount): void {
    if (this.#over) return count.over();
    this.#count = count;
    if (this.#unread > 0 && count.put(this.#unread, 0)) this.#cut();
  }

  /** Passes the body to its only reader. */
  read(reader: PartReader): void {
    if (this.#over) return reader.end(this.#error);
    this.#reader = reader;
    this.#flush();
  }

  /** The reader has sent what it has taken, and can take more. */
  more(): void {
    this.#full = false;
    this.#sent();
    this.#flush();
  }

  /** Nobody reads the body any more. */
  cancel(): void {
    if (this.#over) return;
    this.#finish();
    this.gone();
    this.#reader?.end(this.#error);
  }

  #cut(): void {
    this.#error = new Error('The client did not read its stream');
    this.cancel();
  }

  #flush(): void {
    while (this.#reader && !this.#full && !this.#over) {
      const part = this.#queue.shift();
      if (!part) break;
      this.#taken += part.byteLength;
      if (this.#reader.write(part)) this.#sent();
      else this.#full = true;
    }
    if (!this.#reader || this.#full || this.#over || !this.#complete) return;
    this.#finish();
    this.#reader.end();
  }

  #sent(): void {
    if (this.#taken > 0 && !this.#over) this.#count?.give(this.#taken);
    this.#unread -= this.#taken;
    this.#taken = 0;
  }

  #finish(): void {
    this.#over = true;
    if (this.#unread > 0) this.#count?.give(this.#unread);
    this.#unread = 0;
    this.#queue = [];
    this.#count?.over();
  }

  /** Returns the body for all other readers. */
  #webStream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (this.#reader) return this.more();
          this.read({
            write: (part) => {
              controller.enqueue(part);
              return false;
            },
            end: (error) => (error ? controller.error(error) : controller.close()),
          });
        },
        cancel: () => {
          this.#reader = undefined;
          this.cancel();
        },
      },
      { highWaterMark: 0 },
    );
  }
}
