/** An MCP request as its handlers see it, independent of SDK and transport. @module */
import type { LimitExceeded } from './errors.js';
import type { Stream } from './stream.js';

/**
 * The result that a request is answered with. A type, not an interface: the SDKs' results have an index signature,
 * which only a type satisfies.
 */
export type RpcResult = { readonly [field: string]: unknown };

/** The authorization context of a request. The tasks it creates belong to this owner. */
export interface Owner {
  readonly id: string;
  /** Whether this owner may list its tasks. False for the anonymous owner, which many requestors share. */
  readonly mayList: boolean;
  /** Whether a token named the owner. All callers without one count as one. */
  readonly authenticated: boolean;
}

/** The context of a request that durable tools serve: `tools/list`, `tools/call` or one of `tasks/*`. */
export interface RequestContext {
  readonly owner: Owner;
  /** The request's JSON-RPC ID. */
  readonly requestId: string | number;
  /** Aborted when the client cancels the request or hangs up. */
  readonly signal: AbortSignal;
  /** Aborted when the request's token expires. After that, the client gets no result. @default never */
  readonly expired?: AbortSignal | undefined;
  /** The protocol version that the client stated, if known. It may be older than tasks. */
  readonly version: string | undefined;
  /** The request's `_meta`. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** The client's capabilities in MCP's format, if the request itself declares them; otherwise empty. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Called if a limit refuses the request, so that an HTTP response gets the status for it. */
  readonly limited?: (refusal: LimitExceeded) => void;
  /** The stream for messages that belong to this request. */
  readonly stream: Stream;
  /** The answers that a `tasks/update` carries, or a `tools/call` that is repeated with the input it was asked for. */
  readonly inputResponses?: Readonly<Record<string, unknown>>;
  /** The state that the client returns along with its answers, and the codec that creates it, if the SDK has one. */
  readonly requestState?: { readonly given: string | undefined; readonly codec: StateCodec };
}

/** Returns the request's progress token, or `undefined` if the client did not ask for progress. */
export function progressTokenOf({ meta }: Pick<RequestContext, 'meta'>): string | number | undefined {
  const token = meta['progressToken'];
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** Seals state that only a repeat of the same request may bring back, within a limited time. */
export interface StateCodec {
  /** @param ttl how long the state is valid, in seconds */
  mint(payload: string, boundTo: string, ttl: number): Promise<string>;
  /** Returns the payload, or `undefined` if `state` was not minted with these keys for `boundTo`, or has expired. */
  open(state: string, boundTo: string): Promise<string | undefined>;
}
