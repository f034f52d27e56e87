/** `mcp-tasks-temporal worker`: a worker for the reference tools. @module */
import { resolve } from 'node:path';
import { Runtime } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import { referenceActivities, referenceTools, toolsConfigFromEnv } from '../tools/index.js';
import { acquirePostgres } from '../tools/postgres/index.js';
import { createWorker } from '../worker/index.js';
import { workerLogger } from '../worker/worker-log.js';
import { READY } from './worker-process.js';

/** Works until it is told to stop by a signal or, started by another process, until that is gone. */
export async function runWorker({ dir, logger }: { dir: string; logger: Logger }): Promise<void> {
  Runtime.install({ logger: workerLogger(logger) });
  const postgres = await acquirePostgres({ dir: resolve(dir), log: (line) => logger.info({}, line) });
  try {
    const config = toolsConfigFromEnv({ ...process.env, DATABASE_URL: postgres.url });
    const worker = await createWorker({
      tools: referenceTools(config),
      activities: referenceActivities(config),
      // Fresh progress, for somebody who watches: see the server's poll interval in local-stack.ts.
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
