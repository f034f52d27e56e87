/**
 * The reference tools: `mcp-tasks-temporal/tools`. Their engines (`@duckdb/node-api`, `pg`, `pg-copy-streams`) are
 * optional peers that only the worker needs. They are loaded when a tool first runs.
 * @module
 */
import { fileURLToPath } from 'node:url';
import type { DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';
import { effectiveLimits } from './duckdb-limits.js';
import { convertFile } from './convert/tool.js';
import { loadDataset } from './load/tool.js';
import type { ReferenceTool } from './reference-tool.js';

export { toolsConfigFromEnv, type ToolsConfig } from './config.js';
export { type DuckDBLimits } from './duckdb-limits.js';
export { type Duration } from '../task/duration.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';

/**
 * All reference tools. A new tool is a folder next to this file with its definition and its activities, and one entry
 * here. If it runs a workflow, that is a file in `workflows/tools/`, exported with the others.
 */
const TOOLS: readonly ReferenceTool[] = [loadDataset, convertFile];

/**
 * Returns `load_dataset` and `convert_file`. Server and worker both register them, with the same configuration.
 *
 * @throws McpTasksError `CONFIGURATION` if a limit of `config.duckdb` is invalid
 * @example
 * const config = toolsConfigFromEnv(process.env);
 * const worker = await createWorker({
 *   tools: referenceTools(config),
 *   activities: referenceActivities(config),
 *   workflowsPath: referenceWorkflowsPath,
 * });
 */
export function referenceTools(config: ToolsConfig): DurableTool[] {
  effectiveLimits(config.duckdb);
  return TOOLS.map((tool) => tool.define(config));
}

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
  return Object.assign({}, ...TOOLS.map((tool) => tool.activities?.(config))) as object;
}

/**
 * The file of the workflows behind {@link referenceTools}, for a worker that has no others. If you have a workflows
 * file of your own, put `export * from 'mcp-tasks-temporal/tools/workflows';` in it instead.
 */
export const referenceWorkflowsPath = fileURLToPath(new URL('../../workflows/tools/index.js', import.meta.url));
