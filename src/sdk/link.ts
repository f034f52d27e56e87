/** One connection of a v1 server: who is at the other end, the streams that lead there, and the replies that come from there. @module */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import { Connection } from '../mcp/sessions/connection.js';
import type { AuthInfo, Owner } from '../mcp/request/owner.js';
import type { Answer, RequestContext } from '../mcp/request/request.js';
import type { TaskService } from '../mcp/service.js';
import type { Session } from '../mcp/sessions/session.js';
import type { Stream } from '../mcp/request/stream.js';
import { atExpiry } from '../mcp/request/token-expiry.js';
import { watchStreams, type Extra, type HttpStreams } from './seam.js';

export interface Peer {
  readonly ownerOf: (authInfo: AuthInfo | undefined) => Owner;
  /** The session that the one request of this connection names, where sessions are not the SDK's own. */
  readonly session?: Session | undefined;
}

/** Has a request handled that came over the connection. */
export type Serve = (extra: Extra, handle: (ctx: RequestContext) => Promise<Answer>) => Promise<Answer>;

export class Link {
  readonly #connection: Connection;
  readonly #streams: HttpStreams | undefined;
  readonly #waiting = new Map<RequestId, AbortController>();

  constructor(
    private readonly transport: Transport,
    service: TaskService,
    private readonly peer: Peer,
  ) {
    this.#streams = watchStreams(transport, () => this.#streamsChanged());
    this.#connection = new Connection(service, async (message) => {
      if (this.#streams?.carry() === false) throw new Error('the client does not listen');
      await transport.send(message);
    });
    if (!this.#streams) this.#connection.listen();
    this.#overhear();
  }

  /** A request's wait ends when the client cancels it, hangs up or disconnects, and with the token it came with. */
  readonly serve: Serve = async (extra, handle) => {
    const hangUp = new AbortController();
    this.#waiting.set(extra.requestId, hangUp);
    const expiry = atExpiry(extra.authInfo?.expiresAt, () => this.#streams?.end(extra.requestId));
    try {
      const signal = AbortSignal.any([extra.signal, hangUp.signal]);
      return await handle({
        owner: this.peer.ownerOf(extra.authInfo),
        requestId: extra.requestId,
        signal,
        meta: extra._meta ?? {},
        capabilities: {},
        stream: this.#streamOf(extra),
      });
    } finally {
      expiry.stop();
      this.#waiting.delete(extra.requestId);
    }
  };

  #streamOf({ requestId, sessionId }: Extra): Stream {
    const { transport, peer } = this;
    const streams = this.#streams;
    if (!streams) return this.#connection;
    return {
      kind: 'request',
      // A transport without sessions is another one for each request.
      session: peer.session?.id ?? (sessionId === undefined ? undefined : this.#connection.session),
      answers: peer.session?.answers ?? this.#connection.answers,
      async send(message) {
        if (!streams.carry(requestId)) throw new Error('the stream has ended');
        await transport.send(message, { relatedRequestId: requestId });
      },
    };
  }

  /** Takes the replies to questions of tasks out of what the SDK receives, which has asked none of them. */
  #overhear(): void {
    const { onmessage, onclose } = this.transport;
    let expiry = atExpiry(undefined, () => undefined);
    this.transport.onmessage = (message, extra) => {
      // Whose token a GET came with is not to be seen here: its stream ends with the newest that was.
      expiry.stop();
      expiry = atExpiry(extra?.authInfo?.expiresAt, () => this.#streams?.end());
      if (!this.#connection.receive(message, () => this.peer.ownerOf(extra?.authInfo))) onmessage?.(message, extra);
    };
    this.transport.onclose = () => {
      expiry.stop();
      this.#connection.close();
      onclose?.();
    };
  }

  #streamsChanged(): void {
    if (this.#streams?.carry()) this.#connection.listen();
    else this.#connection.unlisten();
    for (const [requestId, hangUp] of this.#waiting) if (this.#streams?.dropped(requestId)) hangUp.abort();
  }
}

/** Calls `connected` for every transport of the server, when the SDK listens to it and before anything arrives. */
export function onConnect({ server }: McpServer, connected: (transport: Transport) => void): void {
  const connect = server.connect.bind(server);
  server.connect = async (transport) => {
    const { start } = transport;
    transport.start = async () => {
      connected(transport);
      await start.call(transport);
    };
    try {
      await connect(transport);
    } finally {
      transport.start = start;
    }
  };
}
