/** The exports for worker processes: `mcp-tasks-temporal/worker`. @module */
export { createWorker, type CreateWorkerOptions, type DurableWorker, type SharedTemporal } from './create-worker.js';
export { McpTasksPlugin, type McpTasksPluginOptions } from './plugin.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';
export { DirectoryDriver, type DirectoryDriverOptions } from '../temporal/storage/directory-driver.js';
export { runtimeOptions } from './runtime.js';
export { workerLogger } from './worker-log.js';
export type { Logger } from '../local/log.js';
