/** Directs the log of Temporal's process-wide runtime. @module */
import { IllegalStateError, makeTelemetryFilterString, Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { Logger } from '../local/log.js';
import { workerLogger } from './worker-log.js';

/**
 * Without this, Temporal's native part logs to stdout, which carries the protocol if the process also serves MCP over
 * stdio.
 */
const telemetryOptions = {
  logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
};

/**
 * Returns options for Temporal's Runtime that send all of Temporal's logs through {@link workerLogger}, including those
 * that its native part would otherwise write to stdout.
 *
 * @param logger where the log goes. Default: JSON lines on stderr
 * @example
 * Runtime.install(runtimeOptions());
 * const worker = await createWorker({ tools });
 */
export function runtimeOptions(logger?: Logger): RuntimeOptions {
  return { logger: workerLogger(logger), telemetryOptions };
}

/** Installs the runtime without signal handlers, because the server stops first and then stops its worker. */
export function installRuntime(logger: Logger): void {
  Runtime.install({ ...runtimeOptions(logger), shutdownSignals: [] });
}

/**
 * Sends Temporal's log through {@link workerLogger}, unless the author has installed their own Runtime. Temporal's own
 * logger would log the messages of errors, which may quote arguments.
 */
export function ensureRuntime(): void {
  try {
    Runtime.install(runtimeOptions());
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
