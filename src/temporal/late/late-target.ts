/** Finds or starts a Temporal in the background. @module */
import { McpTasksError } from '../../task/errors.js';
import {
  configuredTarget,
  resolveTemporalTarget,
  type TemporalConnectionOptions,
  type TemporalOptions,
  type TemporalTarget,
} from '../connection/target.js';
import type { LateStart } from './late-start.js';

/** A target that is resolved in the background, once `start` begins. Its address is known after {@link ready}. */
export class LateTarget implements TemporalTarget {
  readonly explicit = false;
  readonly namespace: string;
  /** Resolves once the dev server answers. Rejects if it cannot be started, or if the start was given up. */
  readonly ready: Promise<TemporalTarget>;
  #target: TemporalTarget | undefined;

  /** @throws McpTasksError `CONFIGURATION` if a setting cannot be used */
  constructor(
    options: TemporalOptions,
    private readonly start: LateStart,
  ) {
    this.namespace = configuredTarget(options).namespace;
    const starting = (line: string): void => {
      start.state = `Temporal is still starting on this machine (${line})`;
    };
    starting('finding a Temporal CLI');
    const log: TemporalOptions['log'] = (line, about) => {
      starting(line);
      options.log?.(line, about);
    };
    const signal = AbortSignal.any([start.signal, ...(options.signal ? [options.signal] : [])]);
    this.ready = start.begun
      .then(async () => await resolveTemporalTarget({ ...options, log, signal }))
      .then((target) => (this.#target = target));
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

  async release(): Promise<void> {
    this.start.giveUp();
    const target = await this.ready.catch(() => undefined);
    await target?.release();
  }

  get #now(): TemporalTarget {
    if (this.#target) return this.#target;
    throw new McpTasksError('TEMPORAL_UNAVAILABLE', 'Temporal is still starting: await `ready()` first.');
  }
}
