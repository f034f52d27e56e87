/** The files and databases the reference tools may access: set by the operator, never by the caller. @module */
import { delimiter, resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';
import { duckdbLimitsFromEnv, type DuckDBLimits } from './duckdb-limits.js';
import { remoteSourcesFromEnv, type RemoteSources } from './remote/limits.js';

/** The files and databases that the reference tools may access. */
export interface ToolsConfig {
  /** Folders in which the tools may read and write. If empty, every path is refused. */
  readonly roots: readonly string[];
  /** Databases by the name that calls use: `postgres://…` or `duckdb:<file>`. The URLs stay in the worker. */
  readonly databases: Readonly<Record<string, string>>;
  /** What each DuckDB session may use of the worker's machine. @default see {@link DuckDBLimits} */
  readonly duckdb?: DuckDBLimits;
  /** From which servers the tools may download a source that is an `https://` URL. @default none */
  readonly remote?: RemoteSources;
}

const DATABASE_VARIABLE = /^MCP_TASKS_DATABASE_(\w+)$/;

/**
 * Reads the configuration from the environment.
 *
 * - `MCP_TASKS_ROOTS`: folders, separated as in `PATH`. No default: if it is unset, the tools can access no files.
 * - `DATABASE_URL`: the database named `default`.
 * - `MCP_TASKS_DATABASE_<NAME>`: more databases, each named `<name>` in lower case.
 * - `MCP_TASKS_DUCKDB_MEMORY`, `MCP_TASKS_DUCKDB_SPILL` (bytes), `MCP_TASKS_DUCKDB_THREADS` and
 *   `MCP_TASKS_DUCKDB_TIME` (such as `90 minutes`): the limits in {@link DuckDBLimits}.
 * - `MCP_TASKS_REMOTE_HOSTS` and `MCP_TASKS_REMOTE_PRIVATE_HOSTS` (separated by commas), `MCP_TASKS_REMOTE_BYTES` and
 *   `MCP_TASKS_REMOTE_TIME`: see {@link RemoteSources}.
 *
 * @throws McpTasksError `CONFIGURATION` if a database URL or a limit is invalid; names the variable, never a URL
 * @example
 * const config = toolsConfigFromEnv(process.env);
 */
export function toolsConfigFromEnv(env: Readonly<Record<string, string | undefined>>): ToolsConfig {
  const databases: Record<string, string> = {};
  for (const [variable, url] of Object.entries(env)) {
    const name = variable === 'DATABASE_URL' ? 'default' : DATABASE_VARIABLE.exec(variable)?.[1]?.toLowerCase();
    if (!name || !url) continue;
    if (!isDatabaseUrl(url))
      throw new McpTasksError('CONFIGURATION', `${variable} must be postgres://… or duckdb:<file>`);
    databases[name] = url;
  }
  const roots = (env['MCP_TASKS_ROOTS'] ?? '').split(delimiter).filter(Boolean);
  const duckdb = duckdbLimitsFromEnv(env);
  const remote = remoteSourcesFromEnv(env);
  return {
    roots: roots.map((root) => resolve(root)),
    databases,
    ...(duckdb ? { duckdb } : {}),
    ...(remote ? { remote } : {}),
  };
}

function isDatabaseUrl(url: string): boolean {
  if (url.startsWith('duckdb:')) return url.length > 'duckdb:'.length;
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
}
