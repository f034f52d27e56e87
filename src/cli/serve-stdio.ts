/**
 * Serves over stdio for the command line. Temporal starts in the background, so that the first answers don't wait for
 * it, and the worker runs in a separate process, so that nothing it does or writes can break the client's connection.
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Logger } from '../local/log.js';
import type { DurableTasks } from '../server/durable-tasks.js';
import type { ServerFactory } from '../server/serve.js';
import { isMcpTasksError } from '../task/errors.js';
import { stopSignal } from './process-end.js';
import { claimStdout } from './protocol-stdout.js';
import { WorkerProcess, type WorkerProcessOptions } from './worker-process.js';

/** How long releasing everything may take after the client has hung up, in milliseconds. Then the process ends anyway. */
const CLOSE_LIMIT = 1_000;
/** How long to wait before replacing a worker that has ended, in milliseconds. */
const RESTART_PAUSE = 2_000;

export interface StdioOptions {
  /** How to run a worker. @default none */
  readonly worker: WorkerProcessOptions | undefined;
  readonly logger: Logger;
}

/** The client's side of stdio. */
export class StdioClient {
  /** Resolves when the client has hung up. */
  readonly gone: Promise<void>;
  readonly #transport: StdioServerTransport;

  /** Claims stdout: see {@link claimStdout}. */
  constructor() {
    let lost = (): void => undefined;
    this.gone = new Promise((resolve) => (lost = resolve));
    process.stdin.once('close', lost).once('error', lost);
    this.#transport = new StdioServerTransport(process.stdin, claimStdout(lost));
  }

  /**
   * Serves until the client hangs up or a signal arrives. Then the process should exit, which releases whatever could
   * not be released in time.
   * @throws McpTasksError `LOCAL_SERVICE` if Temporal cannot be started
   */
  async serve(tasks: DurableTasks, factory: ServerFactory, { worker, logger }: StdioOptions): Promise<void> {
    const stopping = new AbortController();
    try {
      tasks.stdio(factory, { transport: this.#transport });
      const work = async (): Promise<void> => {
        await tasks.ready();
        await (worker ? keepWorker(worker, logger, stopping.signal) : this.gone);
      };
      await Promise.race([this.gone, stopSignal(), work()]);
    } finally {
      stopping.abort();
      const closing = tasks.close().catch((error: unknown) => {
        if (!isMcpTasksError(error)) logger.error({ err: error }, 'closing failed');
      });
      await Promise.race([closing, delay(CLOSE_LIMIT, undefined, { ref: false })]);
    }
  }
}

/** Runs a worker process until `stopping` aborts, and replaces it if it ends. It also ends when this process does. */
export async function keepWorker(options: WorkerProcessOptions, logger: Logger, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      const worker = await WorkerProcess.start(options);
      logger.info({ pid: worker.pid }, 'worker started');
      const stop = (): void => void worker.stop();
      stopping.addEventListener('abort', stop, { once: true });
      if (stopping.aborted) stop();
      const how = await worker.ended();
      stopping.removeEventListener('abort', stop);
      if (!stopping.aborted) logger.error({}, `worker exited (${how}); restarting`);
    } catch (error) {
      if (!stopping.aborted) logger.error({ err: error }, 'could not start the worker; retrying');
    }
    await delay(RESTART_PAUSE, undefined, { signal: stopping }).catch(() => undefined);
  }
}
