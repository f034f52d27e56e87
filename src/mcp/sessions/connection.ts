/**
 * A connection of protocol 2025-11-25 that a server process holds with one client, one session long: stdio, or HTTP where the
 * sessions are an SDK's own.
 * @module
 */
import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { isMcpTasksError } from '../../task/errors.js';
import type { InputKind } from '../../task/input.js';
import { mayPass } from '../request/errors.js';
import type { Owner } from '../request/owner.js';
import { openReply, takeReply, type Reply } from './replies.js';
import type { TaskService } from '../service.js';
import { newSession } from './session.js';
import type { ServerMessage, Stream } from '../request/stream.js';

/** How long Temporal may be away before a reply is given up, in milliseconds: its question stays open. */
const PATIENCE = 10 * 60_000;

export class Connection implements Stream {
  readonly kind = 'session';
  readonly session = randomUUID();
  readonly #closed = new AbortController();
  #answers: readonly InputKind[] | undefined;
  #leave: (() => void) | undefined;

  constructor(
    private readonly service: TaskService,
    private readonly write: (message: ServerMessage) => Promise<void>,
  ) {}

  /** The client can be told of its tasks unasked: over stdio always, over HTTP while its GET is open. */
  listen(): void {
    this.#leave ??= this.service.sessions.open(this.session, this);
  }

  unlisten(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  get answers(): readonly InputKind[] | undefined {
    return this.#answers;
  }

  async send(message: ServerMessage): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.write(message);
  }

  /** Looks at what the client sends. @returns whether it was the reply to a question of a task, which nobody else is to see */
  receive(message: unknown, ownerOf: () => Owner): boolean {
    this.#answers = newSession(message)?.answers ?? this.#answers;
    this.service.cancellations.receive(this.session, message);
    const reply = openReply(this.service.keys, message);
    if (reply)
      this.#take(ownerOf, reply).catch((error: unknown) => {
        // Whose answer was refused is asked again.
        if (!isMcpTasksError(error, 'INVALID_ARGUMENTS'))
          this.service.logger.error({ taskId: reply.taskId, err: error }, 'a reply could not be taken');
      });
    return reply !== undefined;
  }

  close(): void {
    this.unlisten();
    this.#closed.abort();
  }

  /** Here a reply cannot be refused, and nobody would send it again. */
  async #take(ownerOf: () => Owner, reply: Reply): Promise<void> {
    const owner = ownerOf();
    await pRetry(async () => await takeReply(this.service, owner, reply), {
      retries: Number.POSITIVE_INFINITY,
      maxRetryTime: PATIENCE,
      maxTimeout: 10_000,
      shouldRetry: ({ error }) => mayPass(error),
      signal: this.#closed.signal,
    });
  }
}
