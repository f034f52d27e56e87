/**
 * The reference tools: `mcp-tasks-temporal/tools`. Their engines (`@duckdb/node-api`, `pg`, `pg-copy-streams`) are
 * optional peers that only the worker needs. They are loaded when a tool first runs.
 * @module
 */
import { fileURLToPath } from 'node:url';
import type { ToolsConfig } from './config.js';
import { loadActivities } from './load/activities.js';

export { toolsConfigFromEnv, type ToolsConfig } from './config.js';
export { referenceTools } from './definitions.js';
export { type DuckDBLimits } from './duckdb-limits.js';
export { type RemoteSources } from './remote/limits.js';
export { type Duration } from '../task/duration.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';

/** The activities of the tools that run workflows. */
const ACTIVITIES = [loadActivities];

/**
 * Returns the activities behind {@link referenceTools}, for the worker.
 *
 * @example
 * const worker = await createWorker({
 *   tools: referenceTools(config),
 *   activities: referenceActivities(config),
 *   workflowsPath: referenceWorkflowsPath,
 * });
 */
export function referenceActivities(config: ToolsConfig): object {
  return Object.assign({}, ...ACTIVITIES.map((activities) => activities(config))) as object;
}

/**
 * The file of the workflows behind {@link referenceTools}, for a worker that has no others. If you have a workflows
 * file of your own, put `export * from 'mcp-tasks-temporal/tools/workflows';` in it instead.
 */
export const referenceWorkflowsPath = fileURLToPath(new URL('../../workflows/tools/index.js', import.meta.url));
