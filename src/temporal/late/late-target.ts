/** Finds or starts a Temporal in the background. @module */
import { McpTasksError } from '../../task/errors.js';
import {
  configuredTarget,
  resolveTemporalTarget,
  type TemporalConnectionOptions,
  type TemporalOptions,
  type TemporalTarget,
} from '../connection/target.js';

/** A target that is resolved in the background, beginning at once. Its address is known after {@link ready}. */
export class LateTarget implements TemporalTarget {
  readonly explicit = false;
  readonly namespace: string;
  /** Resolves once the dev server answers. Rejects if it cannot be started, or if {@link giveUp} was called first. */
  readonly ready: Promise<TemporalTarget>;
  readonly #givenUp = new AbortController();
  #target: TemporalTarget | undefined;
  #lately = 'finding a Temporal CLI';

  /** @throws McpTasksError `CONFIGURATION` if a setting cannot be used */
  constructor(options: TemporalOptions) {
    this.namespace = configuredTarget(options).namespace;
    const log = (line: string): void => {
      this.#lately = line;
      options.log?.(line);
    };
    const signal = AbortSignal.any([this.#givenUp.signal, ...(options.signal ? [options.signal] : [])]);
    this.ready = resolveTemporalTarget({ ...options, log, signal }).then((target) => (this.#target = target));
    // Everything that needs Temporal awaits it, but nothing may be waiting yet.
    this.ready.catch(() => undefined);
  }

  get address(): string {
    return this.#now.address;
  }

  get connectionOptions(): TemporalConnectionOptions {
    return this.#now.connectionOptions;
  }

  get uiUrl(): string | undefined {
    return this.#target?.uiUrl;
  }

  /** What the start is doing now, for error messages. */
  get lately(): string {
    return this.#lately;
  }

  /** Stops the start unless it has finished. */
  giveUp(): void {
    this.#givenUp.abort(new McpTasksError('TEMPORAL_UNAVAILABLE', 'The server is shutting down.'));
  }

  async release(): Promise<void> {
    this.giveUp();
    const target = await this.ready.catch(() => undefined);
    await target?.release();
  }

  get #now(): TemporalTarget {
    if (this.#target) return this.#target;
    throw new McpTasksError('TEMPORAL_UNAVAILABLE', 'Temporal is still starting: await `ready()` first.');
  }
}
