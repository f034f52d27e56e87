/** An engine whose Temporal is still starting. Each operation begins the start and waits for it, within a deadline. @module */
import { setTimeout as delay } from 'node:timers/promises';
import type { Keyring } from '../../task/keyring.js';
import { belongsTo } from '../../task/id.js';
import { McpTasksError } from '../../task/errors.js';
import type { TaskEngine } from '../namespaces.js';
import { unlessAborted } from '../rpc/signals.js';
import type { LateStart } from './late-start.js';

/**
 * How long operations wait for Temporal, in milliseconds. Waits for a task's end have no deadline: they continue until
 * their caller gives up.
 */
const PATIENCE = { start: 20_000, other: 4_500, read: 1_900 } as const;

export interface LateEngineOptions {
  /** Resolves with the engine once Temporal is ready; rejects if it cannot be started. */
  readonly opened: Promise<TaskEngine>;
  readonly keys: Keyring;
  /** The start that the operations wait for. */
  readonly start: LateStart;
}

export class LateEngine implements TaskEngine {
  readonly #closing = new AbortController();

  constructor(private readonly options: LateEngineOptions) {}

  start: TaskEngine['start'] = async (request) => await (await this.#within(PATIENCE.start)).start(request);
  get: TaskEngine['get'] = async (owner, id) => await (await this.#within(PATIENCE.read)).get(owner, id);
  cancel: TaskEngine['cancel'] = async (owner, id) => await (await this.#within(PATIENCE.other)).cancel(owner, id);
  list: TaskEngine['list'] = async (owner, cursor) => await (await this.#within(PATIENCE.other)).list(owner, cursor);
  readFile: TaskEngine['readFile'] = async (owner, task, tool, request) =>
    await (await this.#within(PATIENCE.read)).readFile(owner, task, tool, request);
  countRunning: TaskEngine['countRunning'] = async (owner, before) =>
    await (await this.#within(PATIENCE.other)).countRunning(owner, before);
  respond: TaskEngine['respond'] = async (owner, id, answers) =>
    await (await this.#within(PATIENCE.other)).respond(owner, id, answers);
  reply: TaskEngine['reply'] = async (owner, id, key, given) =>
    await (await this.#within(PATIENCE.other)).reply(owner, id, key, given);
  claim: TaskEngine['claim'] = async (owner, id, request) =>
    await (await this.#within(PATIENCE.other)).claim(owner, id, request);
  release: TaskEngine['release'] = async (owner, id, request) =>
    await (await this.#within(PATIENCE.other)).release(owner, id, request);
  result: TaskEngine['result'] = async (owner, id, signal) =>
    await (await this.#until(signal)).result(owner, id, signal);

  watch: TaskEngine['watch'] = (owner, id, signal, options) => this.#watch(owner, id, signal, options);

  /** No tasks are known before Temporal is ready, and the keys alone determine whose ID it is. */
  owns: TaskEngine['owns'] = (owner, id) => belongsTo(id, this.options.keys.ownerTags(owner));

  /** A worker starts only once Temporal is ready, so the engine is open by then, or soon will be. */
  hasWorker: TaskEngine['hasWorker'] = (connection) => {
    let end: (() => void) | undefined;
    let ended = false;
    const begin = (engine: TaskEngine): void => {
      if (!ended) end = engine.hasWorker(connection);
    };
    this.options.opened.then(begin, () => undefined);
    return () => {
      ended = true;
      end?.();
    };
  };

  async close(): Promise<void> {
    this.#closing.abort(
      new McpTasksError('TEMPORAL_UNAVAILABLE', 'The server is shutting down. The task keeps running; try again.'),
    );
    this.options.start.giveUp();
    await this.options.opened.then(async (engine) => await engine.close()).catch(() => undefined);
  }

  async *#watch(...[owner, id, signal, options]: Parameters<TaskEngine['watch']>): ReturnType<TaskEngine['watch']> {
    const engine = await (options?.impatient ? this.#within(PATIENCE.read) : this.#until(signal));
    yield* engine.watch(owner, id, signal, options);
  }

  async #until(signal: AbortSignal | undefined): Promise<TaskEngine> {
    this.options.start.begin();
    const signals = [this.#closing.signal, ...(signal ? [signal] : [])];
    return await unlessAborted(this.options.opened, AbortSignal.any(signals));
  }

  /** @throws McpTasksError `TEMPORAL_UNAVAILABLE` if Temporal is not ready in time; the start's error if it failed */
  async #within(milliseconds: number): Promise<TaskEngine> {
    const waited = new AbortController();
    const late = async (): Promise<never> => {
      await delay(milliseconds, undefined, { signal: waited.signal, ref: false });
      throw new McpTasksError(
        'TEMPORAL_UNAVAILABLE',
        `${this.options.start.state}. Nothing was changed; try again in ten seconds.`,
      );
    };
    try {
      return await Promise.race([this.#until(undefined), late()]);
    } finally {
      waited.abort();
    }
  }
}
