/**
 * The reference tools: `mcp-tasks-temporal/tools`. Their engines (`@duckdb/node-api`, `pg`, `pg-copy-streams`) are
 * optional peers that only the worker needs. They are loaded when a tool first runs.
 * @module
 */
import { loadDatasetActivities } from '../../activities/index.js';
import type { DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';
import type { LoadActivities } from './load/types.js';
import { convertFileTool } from './convert-file.js';
import { loadDatasetTool } from './load-dataset.js';

export { toolsConfigFromEnv, type ToolsConfig } from './config.js';
export { isMcpTasksError, McpTasksError, type McpTasksErrorCode } from '../task/errors.js';

/** Returns `load_dataset` and `convert_file`. Server and worker both register them, with the same configuration. */
export function referenceTools(config: ToolsConfig): DurableTool[] {
  return [loadDatasetTool(config), convertFileTool(config)];
}

/** Returns the activities behind {@link referenceTools}, for the worker. */
export function referenceActivities(config: ToolsConfig): LoadActivities {
  return loadDatasetActivities(config);
}
