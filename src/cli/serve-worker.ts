/** The worker that `serve --worker` runs in its own process. @module */
import type { DurableTasks } from '../server/durable-tasks.js';
import type { Logger } from '../local/log.js';
import { createWorker, type DurableWorker } from '../worker/index.js';
import type { ToolModule } from './tool-module.js';
import { installRuntime } from '../worker/runtime.js';

/** Creates a worker that stops when `tasks` closes. */
export async function serveWorker(module: ToolModule, tasks: DurableTasks, logger: Logger): Promise<DurableWorker> {
  installRuntime(logger);
  return await createWorker({ ...module, tools: [...module.tools], tasks });
}
