/** An MCP request as the handlers see it, independent of SDK and transport. @module */
import type { Owner } from './owner.js';
import type { Stream } from './stream.js';

/** The protocol version of a request. */
export type Era = '2025-11-25' | '2026-07-28';

/** An answer. A type, not an interface: the SDKs' results have an index signature, which only a type satisfies. */
export type Answer = { readonly [field: string]: unknown };

/** The context of a request that durable tools serve: `tools/list`, `tools/call` or one of `tasks/*`. */
export interface RequestContext {
  readonly owner: Owner;
  /** The request's JSON-RPC ID. */
  readonly requestId: string | number;
  /** Aborted when the client cancels the request or hangs up. */
  readonly signal: AbortSignal;
  /** The request's `_meta`. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** The client's capabilities in MCP's format, as a 2026-07-28 request declares them; otherwise empty. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** The stream for messages that belong to this request. */
  readonly stream: Stream;
  /** The answers that a `tasks/update` carries, or a `tools/call` that is repeated with the input it was asked for. */
  readonly inputResponses?: Readonly<Record<string, unknown>>;
  /** 2026-07-28 only: the state that the client returns along with its answers, and the codec that creates it. */
  readonly requestState?: { readonly given: string | undefined; readonly codec: StateCodec };
}

/** Returns the request's progress token, or `undefined` if the client did not ask for progress. */
export function progressTokenOf({ meta }: Pick<RequestContext, 'meta'>): string | number | undefined {
  const token = meta['progressToken'];
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** Seals state that only a repeat of the same request may bring back, within a limited time. */
export interface StateCodec {
  mint(payload: string, boundTo: string): Promise<string>;
  /** Returns the payload, or `undefined` if `state` was not minted with these keys for `boundTo`, or has expired. */
  open(state: string, boundTo: string): Promise<string | undefined>;
}
