/**
 * Sessions over Streamable HTTP, in front of an SDK's handler without sessions, for the protocol versions that have
 * them: those that clients state in `initialize`. Adds the session ID to the answer to `initialize`, serves the stream
 * that GET opens, and takes the replies to questions.
 * @module
 */
import { createParser } from 'eventsource-parser';
import pRetry from 'p-retry';
import { isMcpTasksError } from '../../task/errors.js';
import { peekBody } from '../request/body.js';
import type { AuthInfo } from '../request/owner.js';
import { RPC, RpcFault } from '../../protocol/errors.js';
import { faultOf, isTemporary } from '../request/faults.js';
import { EventStream } from './event-stream.js';
import { openReply, takeReply } from './replies.js';
import { isStatedInRequests, pickVersion } from '../../protocol/registry.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import type { TaskService } from '../service.js';
import { failure, unknownOwner, unknownSession } from '../request/refusal.js';
import { unlessExpired, untilExpiry } from '../request/token-expiry.js';
import type { Peer } from './peer.js';
import { newSession, sealSession, type Session } from './session.js';

/** The data about a request that the caller of a {@link FetchHandler} passes along. */
export interface Given {
  authInfo?: AuthInfo;
  parsedBody?: unknown;
}

/** A web-standard handler, which both SDKs can create. */
export interface FetchHandler {
  /**
   * Answers a request.
   * @param given what a framework has already extracted from it: the verified token, the parsed body
   */
  fetch(request: Request, given?: Given): Promise<Response>;
  /** Ends all open streams. */
  close(): Promise<void>;
}

/** A handler behind the sessions, which gets the request's client too. */
export interface PeerHandler {
  fetch(request: Request, given: Given, peer: Peer): Promise<Response>;
  close(): Promise<void>;
}

/** Only the questions of durable tools can be answered at any process. */
const NOT_HERE =
  'This server process does not expect this reply: the tool that asked runs in another process, or has ended. Only questions of durable tools can be answered at any process. For other tools, route all requests with the same Mcp-Session-Id to one process.';

/** How long a reply is retried while Temporal is unavailable, in milliseconds. */
const PATIENCE = 20_000;

export interface SessionOptions {
  readonly peerOf: (authInfo: AuthInfo | undefined) => Peer;
  /** Announces a changed tool list to the clients that the handler itself has streams to. @default it has none */
  readonly announceTools?: () => void;
  /** The maximum number of open GET streams. */
  readonly maxSubscriptions: number;
  /** The interval of keepalive comments on a stream, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
  /** In bytes. */
  readonly maxRequestBodySize: number;
}

export function serveSessions(
  handler: PeerHandler,
  service: TaskService,
  { peerOf, announceTools, maxSubscriptions, keepAliveMs, maxRequestBodySize }: SessionOptions,
): FetchHandler {
  const streams = new Set<EventStream>();
  const subscribing = new Set(service.versions.map(({ subscriptions }) => subscriptions?.method));

  function listen(session: Session, { expired }: Peer, signal: AbortSignal): Response {
    if (streams.size >= maxSubscriptions)
      return failure(503, RPC.internalError, 'this server has too many open streams; try again later');
    const stream = new EventStream({
      session: session.id,
      answers: session.answers,
      expired,
      keepAliveMs,
    });
    streams.add(stream);
    const leave = service.sessions.open(session.id, stream);
    signal.addEventListener('abort', () => stream.close(), { once: true });
    void stream.closed.then(() => {
      leave();
      return streams.delete(stream);
    });
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
  }

  const stop = service.tools.changed(() => {
    announceTools?.();
    // Only one stream of each session: MCP forbids sending a message on several streams.
    for (const stream of new Map([...streams].map((open) => [open.session, open])).values()) {
      // A failed send can be ignored: the stream has ended, and its client lists the tools when it reconnects.
      stream.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} }).catch(() => undefined);
    }
  });

  async function reply(message: unknown, { owner, session }: Peer): Promise<Response | undefined> {
    const asked = service.clientRequests.take(message, session?.id);
    if (asked === 'delivered') return new Response(null, { status: 202 });
    if (asked === 'elsewhere') return failure(409, -32000, NOT_HERE);
    const given = openReply(service.keys, message);
    if (!given) return undefined;
    try {
      // Retry here, because clients do not resend replies.
      await pRetry(async () => await takeReply(service, owner, given), {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: PATIENCE,
        maxTimeout: 2_000,
        shouldRetry: ({ error }) => isTemporary(error),
      });
      return new Response(null, { status: 202 });
    } catch (error) {
      if (!isMcpTasksError(error)) throw error;
      const fault = faultOf(error);
      const status = fault.code === RPC.internalError ? 500 : 400;
      return failure(isTemporary(error) ? 503 : status, fault.code, fault.message);
    }
  }

  return {
    fetch: async (request, given = {}) => atOnce(await serve(request, given)),
    async close() {
      stop();
      for (const stream of streams) stream.close();
      await handler.close();
    },
  };

  async function serve(request: Request, given: Given): Promise<Response> {
    // Requests that state their version themselves belong to no session. The `Mcp-Method` header doesn't tell them
    // apart: some clients with sessions send it too.
    const named = request.headers.get('mcp-protocol-version');
    const sessionless = isStatedInRequests(service.versions, named);
    const sessionId = sessionless ? null : request.headers.get('mcp-session-id');
    let peer: Peer | undefined;
    try {
      peer = peerOf(given.authInfo).inSession(service.keys, sessionId);
    } catch (error) {
      if (!(error instanceof RpcFault)) throw error;
      return unknownOwner(error);
    }
    if (!peer) return unknownSession();
    const { session } = peer;
    if (session && request.method === 'GET') {
      const wanted = request.headers.get('accept')?.includes('text/event-stream');
      return wanted
        ? listen(session, peer, request.signal)
        : failure(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
    }
    if (request.method !== 'POST' || sessionless) {
      const method = request.headers.get('mcp-method');
      const response = await unlessExpired(await handler.fetch(request, given, peer), peer.expired);
      // Dropping a call's stream may cancel the call. At expiry, the client has not dropped it, so the call continues.
      // The handler of subscriptions ends its streams at expiry itself.
      return subscribing.has(method ?? '') ? response : untilExpiry(response, peer.expired, method === 'tools/call');
    }
    const message = await peekBody(request, given.parsedBody, maxRequestBodySize);
    if (session) service.cancellations.receive(session.id, message);
    const taken = await reply(message, peer);
    if (taken) return taken;
    const answered = await unlessExpired(await handler.fetch(request, given, peer), peer.expired);
    const version = pickVersion(service.versions, 'in-initialize', named);
    const response = isPoll(version, message)
      ? await withoutStream(answered)
      : untilExpiry(answered, peer.expired, false);
    const begun = response.ok ? newSession(message) : undefined;
    return begun ? withSessionId(response, sealSession(service.keys, peer.owner.id, begun)) : response;
  }
}

/** Begins an event stream with a comment, because servers send the headers with the first part of the body. */
function atOnce(response: Response): Response {
  const { body } = response;
  if (!body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  const begun = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({ start: (controller) => controller.enqueue(OPEN) }),
  );
  return new Response(begun, { status: response.status, statusText: response.statusText, headers: response.headers });
}

const OPEN = new TextEncoder().encode(': open\n\n');

/** Polls get no stream: "servers SHOULD NOT upgrade to an SSE stream in response to a `tasks/get` request". */
function isPoll({ methods }: ProtocolVersion, message: unknown): boolean {
  const method = (message as { method?: unknown } | null | undefined)?.method;
  return typeof method === 'string' && Object.hasOwn(methods, method) && methods[method]?.poll === true;
}

/** Converts an event stream with a single message to a JSON response. */
async function withoutStream(response: Response): Promise<Response> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  let data = '';
  createParser({ onEvent: (event) => (data = event.data) }).feed(await response.text());
  const headers = new Headers(response.headers);
  headers.set('content-type', 'application/json');
  return new Response(data, { status: response.status, statusText: response.statusText, headers });
}

function withSessionId(response: Response, id: string): Response {
  const headers = new Headers(response.headers);
  headers.set('mcp-session-id', id);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
