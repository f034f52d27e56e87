/**
 * Handles `notifications/cancelled` of protocol 2025-11-25. It names a request of its session and, over HTTP, arrives
 * in a separate POST. It cannot reach requests at other server processes; there a client can still drop the stream or
 * cancel the task.
 * @module
 */
import { z } from 'zod';
import { CancelledByClient } from '../../protocol/errors.js';
import type { RequestContext } from '../../protocol/request.js';
import { methodOf } from './body.js';

const METHOD = 'notifications/cancelled';

const Cancelled = z.looseObject({
  params: z.looseObject({ requestId: z.union([z.string(), z.number()]) }),
});

export class Cancellations {
  readonly #pending = new Map<string, AbortController>();

  /**
   * Runs `handle` with a signal that is also aborted, with {@link CancelledByClient}, when the client cancels the
   * request.
   */
  async run<T>({ requestId, signal, stream }: RequestContext, handle: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { session } = stream;
    if (session === undefined) return await handle(signal);
    const id = key(session, requestId);
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    this.#pending.set(id, controller);
    try {
      return await handle(controller.signal);
    } finally {
      signal.removeEventListener('abort', abort);
      if (this.#pending.get(id) === controller) this.#pending.delete(id);
    }
  }

  /** Aborts the request that `message` cancels; ignores every other message. */
  receive(session: string, message: unknown): void {
    if (methodOf(message) !== METHOD) return;
    const parsed = Cancelled.safeParse(message);
    if (parsed.success) this.#pending.get(key(session, parsed.data.params.requestId))?.abort(new CancelledByClient());
  }
}

/** A request ID is a number or a string; JSON keeps 1 and "1" distinct. */
function key(session: string, requestId: string | number): string {
  return JSON.stringify([session, requestId]);
}
