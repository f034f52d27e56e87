/** Temporal's process-wide runtime, for a worker that shares its process with a server. @module */
import { Runtime } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import { workerLogger } from './worker-log.js';

/** Installs the runtime without signal handlers, because the server stops first and then stops its worker. */
export function installRuntime(logger: Logger): void {
  Runtime.install({ logger: workerLogger(logger), shutdownSignals: [] });
}
