/**
 * The reference tools as servers list them. Only a worker loads the code that does the work, so a server over stdio
 * answers quickly.
 * @module
 */
import type { DurableTool } from '../tool/define-tool.js';
import type { ToolsConfig } from './config.js';
import { defineConvertFile } from './convert/tool.js';
import { effectiveLimits } from './duckdb-limits.js';
import { defineListFiles } from './list/tool.js';
import { checkRemoteSources } from './remote/limits.js';
import { defineLoadDataset } from './load/tool.js';

/** The definitions of all reference tools: one for each folder with a `tool.ts`. */
const DEFINITIONS = [defineLoadDataset, defineConvertFile, defineListFiles];

/**
 * Returns `load_dataset`, `convert_file` and `list_files`. Server and worker both register them, with the same configuration.
 *
 * @throws McpTasksError `CONFIGURATION` if a limit of `config.duckdb`, or something in `config.remote`, is invalid
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
  if (config.remote) checkRemoteSources(config.remote);
  return DEFINITIONS.map((define) => define(config));
}
