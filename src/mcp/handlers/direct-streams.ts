/**
 * Answers requests that wait for a task in front of the SDK, each on a stream of its own, which also carries the task's
 * messages. Thousands may be pending, and each server instance of the SDK would hold as much memory as all the rest.
 * @module
 */
import { RPC, RpcFault } from '../../protocol/errors.js';
import type { RpcResult } from '../../protocol/request.js';
import type { Stream } from '../../protocol/stream.js';
import { linkSignals } from '../../temporal/rpc/signals.js';
import { EventStream } from '../sessions/event-stream.js';

export interface StreamedAnswer extends Pick<Stream, 'session' | 'answers'> {
  /** The request's ID. */
  readonly id: string | number;
  /** Aborted when the client has hung up. */
  readonly signal: AbortSignal;
  /** Answers the request. @param signal aborted when the stream has ended */
  readonly run: (stream: Stream, signal: AbortSignal) => Promise<RpcResult>;
}

export class DirectStreams {
  readonly #open = new Set<EventStream>();

  /** @param keepAliveMs the interval of keepalive comments, in milliseconds; 0: never */
  constructor(private readonly keepAliveMs: number) {}

  /** Returns the response, whose stream ends with the answer. */
  respond({ id, signal: hungUp, session, answers, run }: StreamedAnswer): Response {
    const stream = new EventStream({ kind: 'request', session, answers, keepAliveMs: this.keepAliveMs });
    const left = new AbortController();
    const { signal, unlink } = linkSignals(hungUp, left.signal);
    this.#open.add(stream);
    void stream.closed.then(() => {
      this.#open.delete(stream);
      left.abort();
      return unlink();
    });
    run(stream, signal).then(
      (result) => stream.answer({ result, jsonrpc: '2.0', id }),
      (error: unknown) =>
        signal.aborted ? stream.close() : stream.answer({ jsonrpc: '2.0', id, error: fault(error) }),
    );
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of this.#open) stream.close();
  }
}

function fault(error: unknown): { readonly code: number; readonly message: string; readonly data?: unknown } {
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof RpcFault)) return { code: RPC.internalError, message };
  const { code, data } = error;
  return { code, message, ...(data === undefined ? {} : { data }) };
}
