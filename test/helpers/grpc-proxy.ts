/** A proxy in front of the tests' Temporal that adds TLS, or answers that this server would not give. @module */
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';

/** A gRPC status (https://grpc.io/docs/guides/status-codes/), or an encoded message. */
export type Answer = { readonly status: number; readonly message: string } | Uint8Array;

export interface Proxy {
  readonly address: string;
  /** The proxy's own answers by method name, such as `DescribeNamespace`. */
  readonly answers: Record<string, Answer>;
  stop(): Promise<void>;
}

export async function startProxy(answers: Record<string, Answer> = {}, tls?: SecureServerOptions): Promise<Proxy> {
  const upstream = connect(`http://${inject('temporalAddress')}`);
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = tls ? createSecureServer(tls) : createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const own = answers[String(headers[':path']).split('/').at(-1) ?? ''];
    if (own) answer(stream, own);
    else forward(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function forward(stream: ServerHttp2Stream, given: IncomingHttpHeaders): void {
    const { ':authority': _, ...headers } = given;
    const request = upstream.request(headers).on('error', () => stream.close());
    let trailers: IncomingHttpHeaders = {};
    request.on('trailers', (sent) => (trailers = sent));
    request.on('response', (sent, flags) => {
      const over = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(sent, over ? { endStream: true } : { waitForTrailers: true });
      if (!over) request.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers)).on('close', () => request.close());
    stream.pipe(request);
  }

  return {
    // The tests' certificates are for the name localhost.
    address: `${tls ? 'localhost' : '127.0.0.1'}:${(server.address() as AddressInfo).port}`,
    answers,
    async stop() {
      for (const session of sessions) session.destroy();
      upstream.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(stream: ServerHttp2Stream, own: Answer): void {
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  if (!(own instanceof Uint8Array))
    return stream.respond(
      { ...head, 'grpc-status': String(own.status), 'grpc-message': own.message },
      { endStream: true },
    );
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(own.length, 1);
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([frame, own]));
}
