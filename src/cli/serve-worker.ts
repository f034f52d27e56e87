/** The worker that `serve --worker` runs in its own process. @module */
import { Runtime } from '@temporalio/worker';
import type { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { createWorker, type DurableWorker } from '../worker/index.js';
import type { ToolModule } from './tool-module.js';
import { workerLogger } from './worker-log.js';

/** It goes with `tasks`, and not by signals: the server stops first. */
export async function serveWorker(module: ToolModule, tasks: DurableTasks, logger: Logger): Promise<DurableWorker> {
  Runtime.install({ logger: workerLogger(logger), shutdownSignals: [] });
  return await createWorker({ ...module, tools: [...module.tools], tasks });
}
