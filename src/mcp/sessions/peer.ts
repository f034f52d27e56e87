/** The client that sent a request. @module */
import type { Logger } from '../../local/log.js';
import { InvalidToken, RPC, RpcFault, type LimitExceeded } from '../../protocol/errors.js';
import type { Owner } from '../../protocol/request.js';
import type { Keyring } from '../../task/keyring.js';
import { httpOwner, stdioOwner, type AuthInfo, type OwnerRule } from '../request/owner.js';
import { expirySignal } from '../request/token-expiry.js';
import { openSession, type Session } from './session.js';

/**
 * Everything that serves a request gets this object, so the author's owner rule runs at most once, and a session ID is
 * verified once.
 */
export class Peer {
  #owner: Owner | undefined;
  #expired: AbortSignal | undefined;
  #refusal: LimitExceeded | undefined;
  #over: (() => void)[] = [];

  private constructor(
    private readonly ownerOf: () => Owner,
    private readonly expiresAt: number | undefined,
    /** The session that the request names, if this package manages the sessions. */
    readonly session: Session | undefined,
  ) {}

  /**
   * Returns the client of an HTTP request.
   * @param logger gets what the owner rule throws: its message may be anything, and is only for the operator
   */
  static http(rule: OwnerRule | undefined, authInfo: AuthInfo | undefined, logger: Logger): Peer {
    const ownerOf = (): Owner => {
      try {
        return httpOwner(rule, authInfo);
      } catch (error) {
        if (error instanceof InvalidToken) {
          logger.warn({}, `refused a request: ${error.message}`);
          throw error;
        }
        logger.error({ err: error }, 'failed to determine the owner of a request');
        throw new RpcFault(RPC.internalError, "Internal error; see the server's log");
      }
    };
    return new Peer(ownerOf, authInfo?.expiresAt, undefined);
  }

  /** Returns the only client of a process that serves over stdio. */
  static stdio(rule: OwnerRule | undefined): Peer {
    const owner = stdioOwner(rule);
    return new Peer(() => owner, undefined, undefined);
  }

  /**
   * Returns the client as a part of the session that its request names.
   * @param sessionId `null`: none
   * @returns `undefined` if there is no such session, or it belongs to another owner
   * @throws RpcFault if the owner cannot be determined, with or without a session: an SDK that found out later would
   * answer in its own way
   */
  inSession(keys: Keyring, sessionId: string | null): Peer | undefined {
    const { owner } = this;
    if (sessionId === null) return this;
    const session = openSession(keys, owner.id, sessionId);
    return session && new Peer(() => owner, this.expiresAt, session);
  }

  /** The limit that has refused the request, if one has. */
  get refusal(): LimitExceeded | undefined {
    return this.#refusal;
  }

  readonly limited = (refusal: LimitExceeded): void => {
    this.#refusal ??= refusal;
  };

  /** Calls `then` once the request's response is over. */
  onceOver(then: () => void): void {
    this.#over.push(then);
  }

  /** The request's response is over. */
  readonly over = (): void => {
    for (const then of this.#over.splice(0)) then();
  };

  /** @throws RpcFault if it cannot be determined */
  get owner(): Owner {
    return (this.#owner ??= this.ownerOf());
  }

  /** Aborted when the request's token expires. What the request has opened must not outlive it. @default never */
  get expired(): AbortSignal | undefined {
    return (this.#expired ??= expirySignal(this.expiresAt));
  }
}
