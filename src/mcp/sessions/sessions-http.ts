/**
 * Sessions over Streamable HTTP, in front of an SDK's handler without sessions, for the protocol versions that have
 * them: those that clients state in `initialize`. Adds the session ID to the answer to `initialize`, serves the stream
 * that GET opens, and takes the replies to questions.
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import pRetry from 'p-retry';
import { isMcpTasksError } from '../../task/errors.js';
import { Clock } from '../../local/clock.js';
import { methodOf, readBody, TooLarge } from '../request/body.js';
import { hangUpOf } from '../request/hang-up.js';
import { pushedBody } from '../request/pushed-body.js';
import type { AuthInfo } from '../request/owner.js';
import { RPC, RpcFault } from '../../protocol/errors.js';
import { faultOf, isTemporary } from '../request/faults.js';
import { EventStream } from './event-stream.js';
import { openReply, takeReply } from './replies.js';
import { isStatedInRequests, pickVersion } from '../../protocol/registry.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { serveWithin } from '../quota/http.js';
import type { TaskService } from '../service.js';
import { bodyTooLarge, failure, retryAfter, unknownOwner, unknownSession } from '../request/refusal.js';
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

/** A request whose body has been read: it is in `given`, unless it is not JSON. */
interface Received {
  readonly request: Request;
  readonly given: Given;
}

/** A handler behind the sessions, which gets the request's client too. */
export interface PeerHandler {
  /** @param given the body of a POST is in it, and has been read, unless it is not JSON */
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
  /** The interval of keepalive comments on a stream, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
}

export function serveSessions(
  handler: PeerHandler,
  service: TaskService,
  { peerOf, announceTools, keepAliveMs }: SessionOptions,
): FetchHandler {
  const streams = new Set<EventStream>();
  const keepAlive = new Clock(keepAliveMs);
  const subscribing = new Set(service.versions.map(({ subscriptions }) => subscriptions?.method));

  function listen(session: Session, peer: Peer, signal: AbortSignal): Response {
    const { expired } = peer;
    const release = service.quota.hold(peer, 'streams');
    const stream = new EventStream({
      kind: 'session',
      session: session.id,
      answers: session.answers,
      expired,
      keepAlive,
    });
    streams.add(stream);
    const leave = service.sessions.open(session.id, stream, peer.owner);
    signal.addEventListener('abort', () => stream.close(), { once: true });
    void stream.closed.then(() => {
      leave();
      release();
      return streams.delete(stream);
    });
    return stream.respond();
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
    async fetch(request, given = {}) {
      let peer: Peer | undefined;
      try {
        peer = peerOf(given.authInfo).inSession(service.keys, sessionIdOf(request));
      } catch (error) {
        if (!(error instanceof RpcFault)) throw error;
        return unknownOwner(error);
      }
      if (!peer) return unknownSession();
      return await serveLimited(request, given, peer);
    },
    async close() {
      stop();
      for (const stream of streams) stream.close();
      await handler.close();
    },
  };

  async function serveLimited(request: Request, given: Given, peer: Peer): Promise<Response> {
    let method: unknown;
    return await serveWithin(
      service,
      { request, owner: peer.owner, repeatable: () => method !== 'tools/call', over: peer.over },
      async () => {
        let read: Received;
        try {
          read = await received(request, given, peer);
        } catch (error) {
          if (error instanceof TooLarge) return bodyTooLarge(error);
          throw error;
        }
        method = methodOf(read.given.parsedBody);
        const message = isSessionless(request) ? undefined : read.given.parsedBody;
        const response = await serve(read.request, read.given, { peer, message });
        return atOnce(Array.isArray(message) ? response : await limitStatus(response, peer));
      },
    );
  }

  /** Reads the body of a POST, so that nobody else reads it. @throws TooLarge, LimitExceeded */
  async function received(request: Request, given: Given, peer: Peer): Promise<Received> {
    if (request.method !== 'POST') return { request, given };
    const { requestBytes: bytes, requestValues: values } = service.quota.limits;
    const { add, release } = service.quota.receive(peer);
    peer.onceOver(release);
    const body = await readBody(request, given.parsedBody, { bytes, values, count: add });
    if ('json' in body) return { request, given: { ...given, parsedBody: body.json } };
    // What is wrong with it is left to the SDK.
    return { request: new Request(request, { method: 'POST', body: body.text }), given };
  }

  /** Returns the version that the request states in its header. */
  function statedBy(request: Request): string | null {
    return request.headers.get('mcp-protocol-version');
  }

  /**
   * Requests that state their version themselves belong to no session. The `Mcp-Method` header doesn't tell them apart:
   * some clients with sessions send it too.
   */
  function isSessionless(request: Request): boolean {
    return isStatedInRequests(service.versions, statedBy(request));
  }

  function sessionIdOf(request: Request): string | null {
    return isSessionless(request) ? null : request.headers.get('mcp-session-id');
  }

  async function serve(
    request: Request,
    given: Given,
    { peer, message }: { readonly peer: Peer; readonly message: unknown },
  ): Promise<Response> {
    const { session } = peer;
    if (session && request.method === 'GET') {
      const wanted = request.headers.get('accept')?.includes('text/event-stream');
      return wanted
        ? listen(session, peer, hangUpOf(request))
        : failure(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
    }
    if (request.method !== 'POST' || isSessionless(request)) {
      const method = request.headers.get('mcp-method');
      const response = await unlessExpired(await handler.fetch(request, given, peer), peer.expired);
      // Dropping a call's stream may cancel the call. At expiry, the client has not dropped it, so the call continues.
      // The handler of subscriptions ends its streams at expiry itself.
      return subscribing.has(method ?? '') ? response : untilExpiry(response, peer.expired, method === 'tools/call');
    }
    if (session) service.cancellations.receive(session.id, message);
    const taken = methodOf(message) === undefined ? await reply(message, peer) : undefined;
    if (taken) return taken;
    const answered = await unlessExpired(await handler.fetch(request, given, peer), peer.expired);
    const version = pickVersion(service.versions, 'in-initialize', statedBy(request));
    const response = isPoll(version, message)
      ? await withoutStream(answered)
      : untilExpiry(answered, peer.expired, false);
    const begun = response.ok && methodOf(message) === 'initialize' ? newSession(message) : undefined;
    return begun ? withSessionId(response, sealSession(service.keys, peer.owner.id, begun)) : response;
  }
}

/** Gives the response to a request that a limit has refused its status. */
async function limitStatus(response: Response, peer: Peer): Promise<Response> {
  // A limit refuses a request at once, before anything that takes time.
  if (isStream(response)) await nextTurn();
  const { refusal } = peer;
  if (!refusal || !response.ok) return response;
  const answer = await withoutStream(response);
  const headers = new Headers(answer.headers);
  headers.set('retry-after', retryAfter(refusal.data.retryAfterMs));
  return new Response(answer.body, { status: 429, headers });
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}

/**
 * Begins an event stream with a comment, because servers send the headers with the first part of the body. This
 * package's own event streams begin like this.
 */
function atOnce(response: Response): Response {
  const { body } = response;
  if (!body || !isStream(response) || pushedBody(response)) return response;
  const begun = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({ start: (controller) => controller.enqueue(OPEN) }),
  );
  return new Response(begun, { status: response.status, statusText: response.statusText, headers: response.headers });
}

const OPEN = new TextEncoder().encode(': open\n\n');

/** Polls get no stream: "servers SHOULD NOT upgrade to an SSE stream in response to a `tasks/get` request". */
function isPoll({ methods }: ProtocolVersion, message: unknown): boolean {
  const method = methodOf(message);
  return typeof method === 'string' && Object.hasOwn(methods, method) && methods[method]?.poll === true;
}

/** Converts an event stream with a single message to a JSON response. */
async function withoutStream(response: Response): Promise<Response> {
  if (!isStream(response)) return response;
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
