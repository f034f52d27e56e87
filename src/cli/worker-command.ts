/** `mcp-tasks-temporal worker`: runs a worker for the tools of a module, or for the reference tools. @module */
import { resolve } from 'node:path';
import { Runtime } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import type { Durability } from '../local/durability.js';
import type { TemporalOptions } from '../temporal/connection/target.js';
import { referenceActivities, referenceTools, referenceWorkflowsPath, toolsConfigFromEnv } from '../tools/index.js';
import { acquirePostgres } from '../tools/postgres/index.js';
import { createWorker, type DurableWorker } from '../worker/index.js';
import { runtimeOptions } from '../worker/runtime.js';
import { encryptedBy } from './encrypted-by.js';
import { loadTools } from './tool-module.js';
import { READY } from './worker-process.js';

export interface WorkerOptions {
  readonly taskQueue: string;
  /** Where a dev server and a PostgreSQL keep their data. */
  readonly dir: string;
  /** What a dev server's data survives. */
  readonly durability: Durability;
  readonly logger: Logger;
}

/**
 * Runs until a signal stops it or, if another process started it, until that process is gone.
 * @param file defines the tools; without it the reference tools
 * @throws McpTasksError `CONFIGURATION` if the file has no tools that a worker could run
 */
export async function runWorker(file: string | undefined, options: WorkerOptions): Promise<void> {
  // While the worker is starting, it has no work to finish, so exit if the parent is gone.
  process.once('disconnect', leave);
  if (process.send && !process.connected) return;
  await (file === undefined ? runReferenceTools(options) : runModule(file, options));
}

async function runModule(file: string, { taskQueue, dir, durability, logger }: WorkerOptions): Promise<void> {
  const { connect, ...module } = await loadTools(file);
  if (connect) {
    Runtime.install(runtimeOptions(logger));
    const { createGatewayWorkers } = await import('../gateway/worker.js');
    await runForParent(...(await createGatewayWorkers(file, { dir, durability, logger })));
    return;
  }
  const elsewhere = module.tools.filter((tool) => (tool.taskQueue ?? taskQueue) !== taskQueue);
  for (const tool of elsewhere)
    logger.warn(
      { tool: tool.name, taskQueue: tool.taskQueue },
      'this worker does not run the tool, because the tool has its own task queue: start another worker with --task-queue',
    );
  Runtime.install(runtimeOptions(logger));
  const worker = await createWorker({
    ...module,
    ...encryptedBy(process.env, logger),
    taskQueue,
    temporal: temporalOf(dir, durability, logger),
  });
  logger.info({ taskQueue, tools: module.tools.map(({ name }) => name) }, 'worker started');
  await runForParent(worker);
}

async function runReferenceTools({ taskQueue, dir, durability, logger }: WorkerOptions): Promise<void> {
  Runtime.install(runtimeOptions(logger));
  const postgres = await acquirePostgres({ dir: resolve(dir), log: (line) => logger.info({}, line) });
  try {
    const config = toolsConfigFromEnv({ ...process.env, DATABASE_URL: postgres.url });
    const worker = await createWorker({
      tools: referenceTools(config),
      activities: referenceActivities(config),
      workflowsPath: referenceWorkflowsPath,
      ...encryptedBy(process.env, logger),
      taskQueue,
      // Keeps progress fresh for someone watching; matches the server's poll interval in local-stack.ts.
      maxHeartbeatThrottleInterval: '250 ms',
      defaultHeartbeatThrottleInterval: '250 ms',
      temporal: temporalOf(dir, durability, logger),
    });
    await runForParent(worker);
  } finally {
    await postgres.release();
  }
}

/** The process that started this one, if any, has already logged the addresses. */
function temporalOf(dir: string, durability: Durability, logger: Logger): TemporalOptions {
  return { dir, durability, log: (line, about) => logger[about && process.connected ? 'debug' : 'info']({}, line) };
}

/** Runs the workers until they are stopped, or until the process that started this one, if any, is gone. */
async function runForParent(...workers: readonly DurableWorker[]): Promise<void> {
  try {
    process.off('disconnect', leave).once('disconnect', () => workers.forEach((worker) => worker.shutdown()));
    process.send?.(READY);
    await Promise.all(workers.map(async (worker) => await worker.run()));
  } finally {
    if (process.connected) process.disconnect();
  }
}

/** Ends this process. Everything it holds is released at exit. */
function leave(): void {
  process.exit();
}
