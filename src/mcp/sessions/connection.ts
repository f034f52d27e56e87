/**
 * A 2025-11-25 connection between this server process and one client, lasting one session: stdio, or HTTP if the SDK
 * manages the sessions.
 * @module
 */
import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { isMcpTasksError } from '../../task/errors.js';
import type { InputKind } from '../../task/input.js';
import { isTemporary } from '../request/faults.js';
import { openReply, takeReply, type Reply } from './replies.js';
import type { TaskService } from '../service.js';
import type { Owner } from '../../protocol/request.js';
import type { Peer } from './peer.js';
import { newSession, type Session } from './session.js';
import type { ServerMessage, Stream } from '../../protocol/stream.js';

/**
 * How long to retry a reply while Temporal is unavailable, in milliseconds. Then it is dropped; its question stays
 * open.
 */
const PATIENCE = 10 * 60_000;

export class Connection implements Stream {
  readonly kind = 'session';
  readonly session = randomUUID();
  readonly #closed = new AbortController();
  /** The contents of the client's `initialize`. */
  #begun: Session | undefined;
  #leave: (() => void) | undefined;
  /** The owner of the client's last message. */
  #owner: Owner | undefined;

  constructor(
    private readonly service: TaskService,
    private readonly write: (message: ServerMessage) => Promise<void>,
  ) {}

  /**
   * Starts unsolicited messages about the client's tasks. They are possible over stdio always, over HTTP during a GET.
   */
  listen(): void {
    this.#leave ??= this.service.sessions.open(this.session, this, this.#owner);
  }

  unlisten(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  get answers(): readonly InputKind[] | undefined {
    return this.#begun?.answers;
  }

  /** The protocol version that the client requested; `undefined` if it has not begun a session yet. */
  get version(): string | undefined {
    return this.#begun?.version;
  }

  async send(message: ServerMessage): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.write(message);
  }

  /**
   * Inspects a message from the client: an `initialize`, a cancellation or a reply to a task's question.
   * @returns whether it was such a reply, which the SDK must not see
   */
  receive(message: unknown, peer: Pick<Peer, 'owner'>): boolean {
    this.#begun = newSession(message) ?? this.#begun;
    this.#owner = peer.owner;
    this.service.cancellations.receive(this.session, message);
    const reply = openReply(this.service.keys, message);
    if (reply)
      this.#take(peer, reply).catch((error: unknown) => {
        // If the answer was refused, the question has already been asked again.
        if (!isMcpTasksError(error, 'INVALID_ARGUMENTS'))
          this.service.logger.error({ taskId: reply.taskId, err: error }, 'failed to deliver a reply to its task');
      });
    return reply !== undefined;
  }

  close(): void {
    this.unlisten();
    this.#closed.abort();
  }

  /** Retries temporary errors, because this connection cannot refuse a reply and the client would not resend it. */
  async #take({ owner }: Pick<Peer, 'owner'>, reply: Reply): Promise<void> {
    await pRetry(async () => await takeReply(this.service, owner, reply), {
      retries: Number.POSITIVE_INFINITY,
      maxRetryTime: PATIENCE,
      maxTimeout: 10_000,
      shouldRetry: ({ error }) => isTemporary(error),
      signal: this.#closed.signal,
    });
  }
}
