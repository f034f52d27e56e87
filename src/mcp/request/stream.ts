/** A way to the client: the stream of one request, or one for everything else. @module */
import { capabilitiesFor, INPUT_KINDS, missingCapabilities, type InputKind } from '../../task/input.js';

/** How many messages a stream may hold that its client has not read; then it is ended. */
export const MOST_UNREAD = 1_000;

/** A message of the server's to its client. A type, not an interface: the SDKs' messages are open to more fields. */
export type ServerMessage = {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly id?: string;
  readonly params: { readonly [param: string]: unknown };
};

export interface Stream {
  /** `request`: belongs to one request and ends with it. `session`: stdio, or what a session's GET opened. */
  readonly kind: 'request' | 'session';
  /** Whether other server processes may have a stream of the session as well. @default false */
  readonly shared?: boolean;
  /** The session it belongs to; a request without one stands alone. */
  readonly session: string | undefined;
  /** What its client can answer; `undefined` where that is not known, and found out by asking. */
  readonly answers: readonly InputKind[] | undefined;
  /** Rejects once the stream has ended. */
  send(message: ServerMessage): Promise<void>;
}

/** What a client that declares these capabilities can answer. */
export function answerable(capabilities: Readonly<Record<string, unknown>>): InputKind[] {
  return INPUT_KINDS.filter((kind) => missingCapabilities(capabilitiesFor([kind]), capabilities) === undefined);
}
