/** A stream of messages to the client: either one request's, or the one for all other messages. @module */
import { capabilitiesFor, INPUT_KINDS, missingCapabilities, type InputKind } from '../task/input.js';

/**
 * A message from the server to its client. A type, not an interface: the SDKs' messages have an index signature, which
 * only a type satisfies.
 */
export type ServerMessage = {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly id?: string;
  readonly params: { readonly [param: string]: unknown };
};

export interface Stream {
  /** `request`: belongs to one request and ends with it. `session`: stdio, or the stream of a session's GET. */
  readonly kind: 'request' | 'session';
  /** Whether other server processes may also have a stream of the same session. @default false */
  readonly shared?: boolean;
  /** The session that the stream belongs to; `undefined` for a request outside any session. */
  readonly session: string | undefined;
  /** The kinds of input request that the client can answer; `undefined` if unknown, so the server has to try. */
  readonly answers: readonly InputKind[] | undefined;
  /**
   * Sends the headers of the response that is this stream. Call it once no error with its own HTTP status can follow: a
   * client that loses its connection before the headers may drop its whole session.
   * @default the headers have already been sent
   */
  open?(): void;
  /** Rejects once the stream has ended. */
  send(message: ServerMessage): Promise<void>;
}

/** Returns the kinds of input request that a client with these capabilities can answer. */
export function answerable(capabilities: Readonly<Record<string, unknown>>): InputKind[] {
  return INPUT_KINDS.filter((kind) => missingCapabilities(capabilitiesFor([kind]), capabilities) === undefined);
}
