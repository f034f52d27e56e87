/** `mcp-tasks-temporal worker`: runs a worker for the reference tools. @module */
import { resolve } from 'node:path';
import { Runtime } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import { referenceActivities, referenceTools, referenceWorkflowsPath, toolsConfigFromEnv } from '../tools/index.js';
import { acquirePostgres } from '../tools/postgres/index.js';
import { createWorker } from '../worker/index.js';
import { workerLogger } from '../worker/worker-log.js';
import { READY } from './worker-process.js';

/** Runs until a signal stops it or, if another process started it, until that process is gone. */
export async function runWorker({ dir, logger }: { dir: string; logger: Logger }): Promise<void> {
  Runtime.install({ logger: workerLogger(logger) });
  const postgres = await acquirePostgres({ dir: resolve(dir), log: (line) => logger.info({}, line) });
  try {
    const config = toolsConfigFromEnv({ ...process.env, DATABASE_URL: postgres.url });
    const worker = await createWorker({
      tools: referenceTools(config),
      activities: referenceActivities(config),
      workflowsPath: referenceWorkflowsPath,
      // Fresh progress for somebody who is watching; matches the server's poll interval in local-stack.ts.
      maxHeartbeatThrottleInterval: '250 ms',
      defaultHeartbeatThrottleInterval: '250 ms',
      temporal: { dir, log: (line) => logger.info({}, line) },
    });
    process.once('disconnect', () => worker.shutdown());
    if (process.send && !process.connected) return await worker.stop();
    process.send?.(READY);
    await worker.run();
  } finally {
    await postgres.release();
    if (process.connected) process.disconnect();
  }
}
