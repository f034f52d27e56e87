/**
 * The workers of the one workflow that is a gateway's own: it asks, in protocol 2025-11-25, before a tool with `confirm`
 * starts. They run only where there is such a tool, and start again whenever they end, for as long as the gateway serves.
 * @module
 */
import pRetry from 'p-retry';
import type { DataConverter } from '@temporalio/client';
import type { Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import { configuredTarget, type TemporalOptions } from '../temporal/connection/target.js';
import type { CreateWorkerOptions, DurableWorker } from '../worker/index.js';

/** Pauses before a worker that could not start is tried again, in milliseconds: the first, and the longest. */
const PAUSE = { first: 500, longest: 10_000 };

export interface ConfirmWorkersOptions {
  readonly taskQueue: string;
  readonly temporalOf: (namespace: string | undefined) => TemporalOptions;
  readonly dataConverter: (namespace: string) => DataConverter | undefined;
  readonly logger: Logger;
  readonly worker: Partial<CreateWorkerOptions>;
  /** Called until it has succeeded once, before the first one is made. */
  readonly beforeWorker: () => void | Promise<void>;
}

export class ConfirmWorkers {
  readonly #running = new Map<string | undefined, { readonly done: Promise<void>; stop(): void }>();

  #prepared: Promise<void> | undefined;

  constructor(private readonly options: ConfirmWorkersOptions) {}

  /** Sees to it that each of these namespaces has its worker. Does not wait for it: the cluster may be away. */
  async ensure(namespaces: Iterable<string | undefined>): Promise<void> {
    for (const namespace of new Set(namespaces)) {
      if (this.#running.has(namespace)) continue;
      const { createWorker } = await loadWorker();
      await (this.#prepared ??= this.#prepare());
      this.#running.set(namespace, this.#start(createWorker, namespace));
    }
  }

  /** A failure is not for good: the next reload tries again. */
  async #prepare(): Promise<void> {
    await Promise.resolve()
      .then(this.options.beforeWorker)
      .catch((error: unknown) => {
        this.#prepared = undefined;
        throw error;
      });
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map(async ({ stop, done }) => {
        stop();
        await done;
      }),
    );
  }

  #start(createWorker: typeof import('../worker/index.js').createWorker, namespace: string | undefined) {
    const { taskQueue, temporalOf, dataConverter: converterOf, logger, worker: more } = this.options;
    const temporal = temporalOf(namespace);
    const dataConverter = converterOf(configuredTarget(temporal).namespace);
    const stopped = new AbortController();
    let worker: DurableWorker | undefined;
    const work = async (): Promise<void> => {
      worker = await createWorker({
        ...more,
        tools: [],
        taskQueue,
        temporal,
        ...(dataConverter ? { dataConverter } : {}),
      });
      if (stopped.signal.aborted) worker.shutdown();
      await worker.run();
    };
    const done = pRetry(work, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: PAUSE.first,
      maxTimeout: PAUSE.longest,
      signal: stopped.signal,
      onFailedAttempt: ({ error }) =>
        logger.warn(
          { taskQueue, err: error },
          'the worker that asks before tools start has ended; it is started again',
        ),
    }).catch((error: unknown) => {
      if (!stopped.signal.aborted)
        logger.error({ taskQueue, err: error }, 'the worker that asks before tools start is gone');
    });
    const stop = (): void => {
      stopped.abort();
      worker?.shutdown();
    };
    return { done, stop };
  }
}

/** Only where it is needed: a gateway runs where a worker's native parts cannot. */
export async function loadWorker(): Promise<typeof import('../worker/index.js')> {
  return await import('../worker/index.js').catch((error: unknown) => {
    throw new McpTasksError(
      'CONFIGURATION',
      'tools with `confirm` need @temporalio/worker, to ask clients of protocol 2025-11-25: npm install @temporalio/worker',
      { cause: error },
    );
  });
}
