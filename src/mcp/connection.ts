/** A stdio connection of protocol 2025-11-25: one session with one stream, for as long as it lasts. @module */
import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import type { InputKind } from '../task/input.js';
import type { Owner } from './owner.js';
import { openReply, takeReply, type Reply } from './replies.js';
import type { TaskService } from './service.js';
import { newSession } from './session.js';
import type { ServerMessage, Stream } from './stream.js';

/** How long Temporal may be away before a reply is given up, in milliseconds: its question stays open. */
const PATIENCE = 10 * 60_000;

export class Connection implements Stream {
  readonly kind = 'session';
  readonly session = randomUUID();
  readonly #closed = new AbortController();
  #answers: readonly InputKind[] | undefined;

  constructor(
    private readonly service: TaskService,
    private readonly owner: Owner,
    private readonly write: (message: ServerMessage) => Promise<void>,
  ) {
    const leave = service.sessions.open(this.session, this);
    this.#closed.signal.addEventListener('abort', leave, { once: true });
  }

  get answers(): readonly InputKind[] | undefined {
    return this.#answers;
  }

  async send(message: ServerMessage): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.write(message);
  }

  /** Looks at what the client sends. @returns whether it was the reply to a question of a task, which nobody else is to see */
  receive(message: unknown): boolean {
    this.#answers = newSession(message)?.answers ?? this.#answers;
    this.service.cancellations.receive(this.session, message);
    const reply = openReply(this.service.keys, message);
    if (reply) this.#take(reply).catch((error: unknown) => this.service.logger.error({ taskId: reply.taskId, err: error }, 'a reply could not be taken'));
    return reply !== undefined;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Over stdio a reply cannot be refused, and nobody would send it again. */
  async #take(reply: Reply): Promise<void> {
    await pRetry(async () => await takeReply(this.service, this.owner, reply), { retries: Number.POSITIVE_INFINITY, maxRetryTime: PATIENCE, maxTimeout: 10_000, signal: this.#closed.signal });
  }
}
