/** The worker that `serve --worker` runs in its own process. @module */
import { Runtime } from '@temporalio/worker';
import type { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { createWorker, type DurableWorker } from '../worker/index.js';
import type { ToolModule } from './tool-module.js';
import { workerLogger } from '../worker/worker-log.js';

/** For workers that end with the server, and not by signals: the server stops first. */
export function installRuntime(logger: Logger): void {
  Runtime.install({ logger: workerLogger(logger), shutdownSignals: [] });
}

/** It goes with `tasks`. */
export async function serveWorker(module: ToolModule, tasks: DurableTasks, logger: Logger): Promise<DurableWorker> {
  installRuntime(logger);
  return await createWorker({ ...module, tools: [...module.tools], tasks });
}
