/**
 * Answers requests that wait for a task in front of the SDK, each on a stream of its own, which also carries the task's
 * messages. Thousands may be pending, and each server instance of the SDK would hold as much memory as all the rest.
 * @module
 */
import { CancelledByClient, RPC, RpcFault } from '../../protocol/errors.js';
import type { RpcResult } from '../../protocol/request.js';
import type { Stream } from '../../protocol/stream.js';
import { EventStream } from '../sessions/event-stream.js';
import { Clock } from '../../local/clock.js';

export interface StreamedAnswer extends Pick<Stream, 'session' | 'answers'> {
  /** The request's ID. */
  readonly id: string | number;
  /** Aborted when the client has hung up. */
  readonly signal: AbortSignal;
  /** Aborted when the client's token expires. */
  readonly expired: AbortSignal | undefined;
  /** Answers the request. @param signal aborted when the stream has ended */
  readonly run: (stream: Stream, signal: AbortSignal) => Promise<RpcResult>;
}

export class DirectStreams {
  readonly #open = new Set<EventStream>();
  readonly #keepAlive: Clock;

  /** @param keepAliveMs the interval of keepalive comments, in milliseconds; 0: never */
  constructor(keepAliveMs: number) {
    this.#keepAlive = new Clock(keepAliveMs);
  }

  /** Returns the response, whose stream ends with the answer. */
  respond({ id, signal: hungUp, expired, session, answers, run }: StreamedAnswer): Response {
    const keepAlive = this.#keepAlive;
    const stream = new EventStream({ kind: 'request', session, answers, expired, keepAlive });
    const left = new AbortController();
    const close = (): void => stream.close();
    hungUp.addEventListener('abort', close, { once: true });
    if (hungUp.aborted) close();
    this.#open.add(stream);
    void stream.closed.then(() => {
      this.#open.delete(stream);
      hungUp.removeEventListener('abort', close);
      return left.abort();
    });
    run(stream, left.signal).then(
      (result) => stream.answer({ result, jsonrpc: '2.0', id }),
      (error: unknown) =>
        // A request that its client has cancelled gets no answer.
        error instanceof CancelledByClient ? close() : stream.answer({ jsonrpc: '2.0', id, error: fault(error) }),
    );
    return stream.respond();
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of this.#open) stream.close();
  }
}

/** The handlers log everything else that they throw, and throw faults instead. */
function fault(error: unknown): { readonly code: number; readonly message: string; readonly data?: unknown } {
  if (!(error instanceof RpcFault)) return { code: RPC.internalError, message: "Internal error; see the server's log" };
  const { code, message, data } = error;
  return { code, message, ...(data === undefined ? {} : { data }) };
}
