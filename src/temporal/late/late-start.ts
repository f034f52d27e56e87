/** Decides when a server's Temporal starts in the background. @module */
import { McpTasksError } from '../../task/errors.js';
import { unlessAborted } from '../rpc/signals.js';

/**
 * A start that is held back until something needs Temporal, or the client has its first answer. Loading Temporal's
 * client keeps the process busy, which would delay the answer.
 */
export class LateStart {
  /** Resolves when the start may begin. Rejects if {@link giveUp} was called first. */
  readonly begun: Promise<void>;
  /** What the start is doing now, as the first sentence of an error message. */
  state = 'The Temporal client is still being loaded';
  readonly #begin = new AbortController();
  readonly #givenUp = new AbortController();

  constructor() {
    const begun = new Promise<void>((resolve) =>
      this.#begin.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    this.begun = unlessAborted(begun, this.signal);
    // Everything that needs Temporal awaits it, but nothing may be waiting yet.
    this.begun.catch(() => undefined);
  }

  /** Aborts with {@link giveUp}. */
  get signal(): AbortSignal {
    return this.#givenUp.signal;
  }

  /** Lets the start begin. Further calls do nothing. */
  begin(): void {
    this.#begin.abort();
  }

  /** Stops the start unless it has finished. */
  giveUp(): void {
    this.#givenUp.abort(new McpTasksError('TEMPORAL_UNAVAILABLE', 'The server is shutting down.'));
  }
}
