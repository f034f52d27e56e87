/** Closes the connections of clients that have stopped reading their responses, to free those responses. @module */
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../local/log.js';

/** How often to look, at least, in milliseconds. */
const LONGEST_INTERVAL = 5_000;

interface Reading {
  /** The number of bytes that the client has read. */
  bytes: number;
  /** When it last read some, in milliseconds. */
  at: number;
}

export class StalledReaders {
  readonly #responses = new Map<ServerResponse, Reading>();
  readonly #timer: NodeJS.Timeout;

  /** @param patience how long a client may read nothing, in milliseconds */
  constructor(
    private readonly patience: number,
    private readonly logger: Logger,
  ) {
    this.#timer = setInterval(() => this.#look(), Math.min(LONGEST_INTERVAL, patience / 2)).unref();
  }

  watch(response: ServerResponse): void {
    this.#responses.set(response, { bytes: 0, at: performance.now() });
    response.once('close', () => this.#responses.delete(response));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    for (const [{ socket }, reading] of this.#responses) {
      if (!socket) continue;
      const bytes = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || bytes !== reading.bytes) {
        reading.bytes = bytes;
        reading.at = now;
      } else if (now - reading.at >= this.patience) {
        this.logger.warn({ unread: socket.writableLength }, 'closed a connection whose client does not read');
        socket.destroy();
      }
    }
  }
}
