/**
 * One connection of a v1 server: its client, the streams to that client, and the client's replies to questions.
 * @module
 */
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { Connection } from '../mcp/sessions/connection.js';
import type { AuthInfo } from '../mcp/request/owner.js';
import { unknownOwner, unknownSession } from '../mcp/request/refusal.js';
import { RpcFault } from '../protocol/errors.js';
import type { RequestContext, RpcResult } from '../protocol/request.js';
import { serveWithin } from '../mcp/quota/http.js';
import type { TaskService } from '../mcp/service.js';
import type { Peer } from '../mcp/sessions/peer.js';
import type { Stream } from '../protocol/stream.js';
import { onceExpired } from '../mcp/request/token-expiry.js';
import { guardRequests, watchStreams, type Extra, type HttpStreams } from './seam.js';

/** Returns the client that sent a message with this token. */
export type PeerOf = (authInfo: AuthInfo | undefined) => Peer;

/** The clients of a connection. */
export interface Clients {
  readonly peerOf: PeerOf;
  /** Whether the connection's streams and unread bytes are counted elsewhere. */
  readonly counted: boolean;
}

/** Runs `handle` for a request that arrived on the connection. */
export type RunRequest = (extra: Extra, handle: (ctx: RequestContext) => Promise<RpcResult>) => Promise<RpcResult>;

export class Link {
  readonly #connection: Connection;
  readonly #streams: HttpStreams | undefined;
  readonly #waiting = new Map<RequestId, AbortController>();
  readonly #peerOf: PeerOf;
  /** Whether the requests of this connection are checked one by one, because the SDK manages HTTP sessions. */
  readonly #guarded: boolean;
  /** The owner of the session; `undefined` until it has begun. */
  #owner: string | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly service: TaskService,
    { peerOf, counted }: Clients,
  ) {
    this.#peerOf = oncePerToken(peerOf);
    this.#streams = watchStreams(transport, () => this.#streamsChanged());
    this.#connection = new Connection(service, async (message) => {
      if (this.#streams?.carry() === false) throw new Error('the client does not listen');
      await transport.send(message);
    });
    if (!this.#streams) this.#connection.listen();
    this.#guarded = guardRequests(
      transport,
      async (request, authInfo, sdk) =>
        this.#refusal(authInfo) ?? (counted ? await sdk() : await this.#limited(request, authInfo, sdk)),
    );
    this.#overhear();
  }

  /** Refuses requests from anyone but the session's owner: the ID alone must not be enough to read its streams. */
  #refusal(authInfo: AuthInfo | undefined): Response | undefined {
    try {
      const { owner } = this.#peerOf(authInfo);
      return this.#owner === undefined || this.#owner === owner.id ? undefined : unknownSession();
    } catch (error) {
      if (error instanceof RpcFault) return unknownOwner(error);
      throw error;
    }
  }

  async #limited(request: Request, authInfo: AuthInfo | undefined, sdk: () => Promise<Response>): Promise<Response> {
    const { service } = this;
    const { owner } = this.#peerOf(authInfo);
    let release = (): void => undefined;
    // A request may call any tool, so its response is never refused.
    const limited = { request, owner, repeatable: () => false, over: () => release() };
    return await serveWithin(service, limited, async () => {
      if (request.method === 'GET') release = service.quota.hold({ owner }, 'streams');
      return await sdk();
    });
  }

  /**
   * Handles a request. Its signal is aborted when the client cancels or disconnects, or when the request's stream ends
   * and cannot be resumed. The stream also ends when the request's token expires.
   */
  readonly serve: RunRequest = async (extra, handle) => {
    const hangUp = new AbortController();
    this.#waiting.set(extra.requestId, hangUp);
    const peer = this.#peerOf(extra.authInfo);
    const forget = onceExpired(peer.expired, () => this.#streams?.expire(extra.requestId));
    try {
      const signal = AbortSignal.any([extra.signal, hangUp.signal]);
      return await handle({
        owner: peer.owner,
        requestId: extra.requestId,
        signal,
        limited: peer.limited,
        version: versionOf(extra) ?? peer.session?.version ?? this.#connection.version,
        meta: extra._meta ?? {},
        capabilities: {},
        stream: this.#streamOf(extra, peer),
      });
    } finally {
      forget();
      this.#waiting.delete(extra.requestId);
    }
  };

  #streamOf({ requestId, sessionId }: Extra, { session }: Peer): Stream {
    const { transport } = this;
    const streams = this.#streams;
    if (!streams) return this.#connection;
    return {
      kind: 'request',
      // A transport without sessions serves a single request, so it has no session to refer to.
      session: session?.id ?? (sessionId === undefined ? undefined : this.#connection.session),
      answers: session?.answers ?? this.#connection.answers,
      async send(message) {
        if (!streams.carry(requestId)) throw new Error('the stream has ended');
        await transport.send(message, { relatedRequestId: requestId });
      },
    };
  }

  /** Withholds replies to tasks' questions from the SDK, because it did not ask them. */
  #overhear(): void {
    const { onmessage, onclose } = this.transport;
    let forget = (): void => undefined;
    this.transport.onmessage = (message, extra) => {
      // The token of the GET itself is not visible here, so its stream ends when the newest message's token expires.
      const peer = this.#peerOf(extra?.authInfo);
      if (this.#guarded && isInitialize(message)) this.#owner ??= peer.owner.id;
      forget();
      forget = onceExpired(peer.expired, () => this.#streams?.expire());
      if (!this.#connection.receive(message, peer)) onmessage?.(message, extra);
    };
    this.transport.onclose = () => {
      forget();
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

/** The author's owner rule runs at most once for each request. */
function oncePerToken(peerOf: PeerOf): PeerOf {
  const peers = new WeakMap<AuthInfo, Peer>();
  let anonymous: Peer | undefined;
  return (authInfo) => {
    if (!authInfo) return (anonymous ??= peerOf(undefined));
    const peer = peers.get(authInfo) ?? peerOf(authInfo);
    peers.set(authInfo, peer);
    return peer;
  };
}

function isInitialize(message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'initialize';
}

/** Returns the version that an HTTP request states in its header. */
function versionOf({ requestInfo }: Extra): string | undefined {
  const header = requestInfo?.headers['mcp-protocol-version'];
  return typeof header === 'string' ? header : undefined;
}
