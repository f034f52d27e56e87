/** A command tool's settings on a worker, with every default filled in. @module */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { milliseconds } from '../task/duration.js';
import { ToolError } from '../tool/errors.js';
import type { CommandSpec } from './spec.js';
import type { Stop } from './supervisor-messages.js';

/** Where a worker keeps and finds files. */
export interface CommandPlaces {
  /** The folder that a relative `cwd` is relative to. */
  readonly base: string;
  /** The folder that holds the logs and records of tasks. */
  readonly dir: string;
}

/** A command tool, on a worker. */
export interface CommandTool {
  readonly name: string;
  readonly spec: CommandSpec;
  readonly places: CommandPlaces;
}

const LOG_BYTES = 64 * 1024 * 1024;
/** How long a program may take to stop if its worker is lost, in milliseconds, even if `stop.grace` is longer. */
const LOST_GRACE = 5_000;

/**
 * Returns the absolute working directory.
 * @throws ToolError if there is none, or on Windows, which has no process groups
 */
export function workingDirectory({ name, spec: { cwd = '.' }, places }: CommandTool): string {
  if (process.platform === 'win32')
    throw new ToolError(
      `Tool ${name} runs a program, which needs a worker on Linux or macOS: Windows has no process groups.`,
    );
  const path = resolve(places.base, cwd);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new ToolError(
      `The working directory of tool ${name} (${cwd}) does not exist on this worker. Its operator must create it.`,
    );
  return path;
}

export function stopOf({ spec: { stop } }: CommandTool): Stop {
  return { signal: stop?.signal ?? 'SIGTERM', grace: milliseconds(stop?.grace ?? '5 seconds', 'stop.grace') };
}

/** Returns how to stop a program whose task goes on elsewhere. */
export function lostStopOf(tool: CommandTool): Stop {
  const { signal, grace } = stopOf(tool);
  return { signal, grace: Math.min(grace, LOST_GRACE) };
}

export function logBytesOf({ spec: { log } }: CommandTool): number {
  return log?.bytes ?? LOG_BYTES;
}

/** Returns how long the logs of ended tasks are kept, in milliseconds. */
export function keepOf({ spec: { log } }: CommandTool): number {
  return milliseconds(log?.keep ?? '7 days', 'log.keep');
}
