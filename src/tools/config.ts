/** What the reference tools may touch: the operator's choice, never the caller's. @module */
import { delimiter, resolve } from 'node:path';
import { McpTasksError } from '../task/errors.js';

export interface ToolsConfig {
  /** Folders the tools may read and write below. With none, every path is refused. */
  readonly roots: readonly string[];
  /** Databases by the name a call gives: `postgres://…`, or `duckdb:<file>`. The URLs stay in the worker. */
  readonly databases: Readonly<Record<string, string>>;
}

const DATABASE_VARIABLE = /^MCP_TASKS_DATABASE_(\w+)$/;

/**
 * Reads the configuration from the environment.
 *
 * - `MCP_TASKS_ROOTS`: folders, separated as in `PATH`. No default: a tool that nobody gave a folder to reads nothing.
 * - `DATABASE_URL`: the database called `default`.
 * - `MCP_TASKS_DATABASE_<NAME>`: further ones, called `<name>` in lower case.
 *
 * @throws McpTasksError `CONFIGURATION` naming the variable, and never its value
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
  return { roots: roots.map((root) => resolve(root)), databases };
}

function isDatabaseUrl(url: string): boolean {
  if (url.startsWith('duckdb:')) return url.length > 'duckdb:'.length;
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
}
