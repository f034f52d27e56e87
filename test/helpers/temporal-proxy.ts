/**
 * A proxy in front of the tests' Temporal. It passes calls on, at once or after a delay, leaves them unanswered, or
 * refuses them as Temporal's authorizer would.
 * @module
 */
import { connect, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';

export interface TemporalProxy {
  readonly address: string;
  /** The gRPC code that answers every call from now on. @default calls are passed on */
  refuseWith: number | undefined;
  /** Answers the calls of one method with a gRPC code from now on. @default calls are passed on */
  refuse: { readonly method: string; readonly code: number } | undefined;
  /** Calls with a matching path get no answer from now on. @default none */
  hang: RegExp | undefined;
  /** How long to delay each call before passing it on, in milliseconds. @default 0 */
  delay: number;
  /** How often each method was called so far, by name, such as `DescribeWorkflowExecution`. */
  readonly calls: Map<string, number>;
  /** How many of these calls are over. */
  readonly over: Map<string, number>;
  close(): Promise<void>;
}

/** A reason that Temporal may give for a refusal. Only the operator should see it. */
export const REASON = 'Request unauthorized for role etl-reader';

export async function startTemporalProxy(): Promise<TemporalProxy> {
  const upstream = connect(`http://${inject('temporalAddress')}`);
  upstream.setMaxListeners(0);
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on('session', (session) => void sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = headers[':path']?.split('/').at(-1) ?? '';
    count(proxy.calls, method);
    stream.once('close', () => count(proxy.over, method));
    if (proxy.hang?.test(headers[':path'] ?? '')) return;
    const code = proxy.refuse?.method === method ? proxy.refuse.code : proxy.refuseWith;
    if (code === undefined)
      return void setTimeout(() => stream.destroyed || pass(stream, upstream.request(headers)), proxy.delay);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code, 'grpc-message': REASON },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: TemporalProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuseWith: undefined,
    refuse: undefined,
    hang: undefined,
    delay: 0,
    calls: new Map(),
    over: new Map(),
    async close() {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function count(counts: Map<string, number>, method: string): void {
  counts.set(method, (counts.get(method) ?? 0) + 1);
}

function pass(stream: ServerHttp2Stream, call: ReturnType<ReturnType<typeof connect>['request']>): void {
  let trailers = {};
  call.on('error', () => stream.destroy());
  call.on('response', (headers, flags) => {
    // The caller has already given up.
    if (stream.destroyed) return;
    // A response without a message carries its status in the headers, so no trailers follow.
    const only = (flags & 0x1) !== 0;
    stream.respond(headers, only ? { endStream: true } : { waitForTrailers: true });
    if (!only) call.pipe(stream);
  });
  call.on('trailers', (sent) => (trailers = sent));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('close', () => call.close());
  stream.pipe(call);
}
