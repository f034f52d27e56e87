/** The client that sent a request. @module */
import type { Owner } from '../../protocol/request.js';
import type { Keyring } from '../../task/keyring.js';
import { openSession, type Session } from './session.js';

export interface Peer {
  readonly owner: Owner;
  /** The session that the request names, if this package manages the sessions. */
  readonly session: Session | undefined;
}

/**
 * Resolves the client of an HTTP request. Everything that serves the request gets this object, so the author's owner
 * rule runs at most once, when the owner is first needed, and a session ID is verified once.
 * @param sessionId the session that the request names; `null`: none
 * @returns `undefined` if there is no such session, or if it is somebody else's
 * @throws whatever `ownerOf` throws, now or when the owner is first needed
 */
export function resolvePeer(keys: Keyring, ownerOf: () => Owner, sessionId: string | null): Peer | undefined {
  let known: Owner | undefined;
  const owner = (): Owner => (known ??= ownerOf());
  const session = sessionId === null ? undefined : openSession(keys, owner().id, sessionId);
  if (sessionId !== null && !session) return undefined;
  return {
    get owner() {
      return owner();
    },
    session,
  };
}
