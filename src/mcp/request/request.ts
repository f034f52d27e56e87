/** An MCP request as the handlers see it, whichever SDK and transport carried it. @module */
import type { Owner } from './owner.js';
import type { Stream } from './stream.js';

/** The protocol a request is made in. */
export type Era = '2025-11-25' | '2026-07-28';

/** An answer. A type, not an interface: the SDKs' results have an index signature, which only a type fits. */
export type Answer = { readonly [field: string]: unknown };

/** A task augmented `tools/call` or one of `tasks/*`. */
export interface RequestContext {
  readonly owner: Owner;
  /** The request's JSON-RPC ID. */
  readonly requestId: string | number;
  /** Aborted when the client cancels the request or hangs up. */
  readonly signal: AbortSignal;
  /** The request's `_meta`. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** What the client declares, as MCP has it: with the request in 2026-07-28, else for its session. Empty where that is unknown. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Where messages that belong to this request go. */
  readonly stream: Stream;
  /** The answers of a `tasks/update`, or of a `tools/call` that is made again with what it asked for. */
  readonly inputResponses?: Readonly<Record<string, unknown>>;
  /** 2026-07-28: the state that the server has a client bring back with its answers, and what makes it. */
  readonly requestState?: { readonly given: string | undefined; readonly codec: StateCodec };
}

/** What the client wants to be told the request's progress by; `undefined` where it does not. */
export function progressTokenOf({ meta }: Pick<RequestContext, 'meta'>): string | number | undefined {
  const token = meta['progressToken'];
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** Seals what only the same request may bring back, for a while. */
export interface StateCodec {
  mint(payload: string, boundTo: string): Promise<string>;
  /** `undefined` if it was not minted here for that, or its time is over. */
  open(state: string, boundTo: string): Promise<string | undefined>;
}
