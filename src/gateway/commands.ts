/** Builds the command tools of a gateway file. @module */
import { join, resolve } from 'node:path';
import { defineCommand } from '../command/define-command.js';
import type { CommandSpec } from '../command/spec.js';
import type { DurableTool } from '../tool/define-tool.js';
import { fromJsonSchema } from '../tool/json-schema.js';
import { COMMAND_FIELDS } from './command-config.js';
import type { GatewayConfig, ToolConfig } from './config.js';
import { NO_ARGUMENTS, settingsOf, type ToolSchemas } from './tools.js';

/**
 * The task queue of command tools that do not name one. Never the file's own: workers of existing workflows poll that
 * one, and could not run these tools.
 */
export const COMMAND_TASK_QUEUE = 'mcp-tasks-commands';

/** The parts of a loaded file that matter here. */
interface CommandFile {
  readonly config: GatewayConfig;
  readonly schemas: readonly ToolSchemas[];
  /** The folder of the file. */
  readonly dir: string;
}

/** Returns what a command tool runs; `undefined` if it is not one. */
export function specOf(tool: ToolConfig): CommandSpec | undefined {
  if (!tool.command) return undefined;
  const { confirm, retry, timeouts } = tool;
  const given = Object.entries({ ...tool, retry, timeouts }).filter(
    ([name, value]) => value !== undefined && [...COMMAND_FIELDS, 'retry', 'timeouts'].includes(name),
  );
  const question = tool.plan && typeof confirm === 'string' ? { question: confirm } : {};
  return { ...Object.fromEntries(given), ...question } as unknown as CommandSpec;
}

/**
 * Builds a command tool.
 * @param base the folder of the file
 * @param dir where the worker keeps logs and records
 */
export function commandTool(
  tool: ToolConfig,
  { input = NO_ARGUMENTS }: ToolSchemas,
  { base, dir }: { readonly base: string; readonly dir: string },
): DurableTool {
  const { beforeStart, ...settings } = settingsOf(tool);
  return {
    ...defineCommand({
      ...(specOf(tool) as CommandSpec),
      name: tool.name,
      inputSchema: fromJsonSchema({ type: 'object', ...input }),
      taskQueue: tool.taskQueue ?? COMMAND_TASK_QUEUE,
      base,
      dir,
    }),
    ...settings,
    ...(beforeStart && !tool.plan ? { beforeStart } : {}),
  };
}

/**
 * Returns the command tools of a file, for its worker.
 * @param dir the folder of a worker's data: the tools' logs and records are in its `commands`
 */
export function commandTools({ config, schemas, dir: base }: CommandFile, dir: string): DurableTool[] {
  const places = { base, dir: commandsFolder(dir) };
  return config.tools.flatMap((tool, index) => (tool.command ? [commandTool(tool, schemas[index] ?? {}, places)] : []));
}

export function commandsFolder(dir: string): string {
  return join(resolve(dir), 'commands');
}
