/**
 * Runs the worker of the gateway's own workflows in each namespace. In protocol 2025-11-25, it asks for confirmation
 * before a tool with `confirm` starts. It cancels the tasks of a tool with `onTtl: cancel` when their ttl passes, and
 * deletes expired tasks if the file sets `deleteExpired`. Without that setting, only namespaces with such a tool have a
 * worker. A worker that ends is restarted for as long as the gateway serves.
 * @module
 */
import pRetry from 'p-retry';
import type { DataConverter } from '@temporalio/client';
import type { Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import { configuredTarget, type TemporalOptions } from '../temporal/connection/target.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { CreateWorkerOptions, DurableWorker } from '../worker/index.js';
import type { GatewayConfig } from './config.js';

/** The first and the longest pause before restarting a worker, in milliseconds. */
const PAUSE = { first: 500, longest: 10_000 };

/** Returns whether a tool needs the worker in its namespace. */
export function needsWorker({ work, beforeStart, onTtl }: DurableTool, config: Pick<GatewayConfig, 'onTtl'>): boolean {
  // The worker of a command tool has all that the tool needs.
  if (work.kind === 'function') return false;
  return beforeStart !== undefined || (onTtl ?? config.onTtl) === 'cancel';
}

export interface ConfirmWorkersOptions {
  readonly taskQueue: string;
  readonly temporalOf: (namespace: string | undefined) => TemporalOptions;
  readonly dataConverter: (namespace: string) => DataConverter | undefined;
  readonly logger: Logger;
  readonly worker: Partial<CreateWorkerOptions>;
  /** Called before the first worker is created. If it fails, it is called again at the next reload. */
  readonly beforeWorker: () => void | Promise<void>;
}

export class ConfirmWorkers {
  readonly #running = new Map<string | undefined, { readonly done: Promise<void>; stop(): void }>();

  #prepared: Promise<void> | undefined;

  constructor(private readonly options: ConfirmWorkersOptions) {}

  /**
   * Starts a worker for each of these namespaces that has none yet. Does not wait until it runs: the cluster may be
   * unreachable.
   * @throws McpTasksError `CONFIGURATION` if `@temporalio/worker` cannot be loaded; whatever `beforeWorker` throws
   */
  async ensure(namespaces: Iterable<string | undefined>): Promise<void> {
    for (const namespace of new Set(namespaces)) {
      if (this.#running.has(namespace)) continue;
      const { createWorker } = await loadWorker();
      await (this.#prepared ??= this.#prepare());
      this.#running.set(namespace, this.#start(createWorker, namespace));
    }
  }

  /** Runs `beforeWorker`. A failure is not remembered, so the next reload tries again. */
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
        logger.warn({ taskQueue, namespace, err: error }, 'confirm worker stopped; restarting it'),
    }).catch((error: unknown) => {
      if (!stopped.signal.aborted)
        logger.error({ taskQueue, namespace, err: error }, 'confirm worker failed for good; restart the gateway');
    });
    const stop = (): void => {
      stopped.abort();
      worker?.shutdown();
    };
    return { done, stop };
  }
}

/**
 * Imports the worker code. Loaded only on demand, because a gateway also runs on systems that a worker's native modules
 * do not support.
 * @throws McpTasksError `CONFIGURATION` if `@temporalio/worker` cannot be loaded
 */
export async function loadWorker(): Promise<typeof import('../worker/index.js')> {
  return await import('../worker/index.js').catch((error: unknown) => {
    throw new McpTasksError(
      'CONFIGURATION',
      'tools with `confirm` or `onTtl: cancel`, and `deleteExpired`, need @temporalio/worker, to ask clients that use protocol 2025-11-25, to cancel tasks and to delete them. Run: npm install @temporalio/worker',
      { cause: error },
    );
  });
}
