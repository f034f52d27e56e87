/** How much of the worker's machine DuckDB may use: a part of the tools' configuration. @module */
import { availableParallelism, totalmem } from 'node:os';
import { milliseconds, type Duration } from '../task/duration.js';
import { McpTasksError } from '../task/errors.js';

/**
 * What one DuckDB session of the reference tools may use. Each running `load_dataset` or `convert_file` has a session,
 * and so does each DuckDB file that is being loaded into. Multiply by the number of activities that the worker runs at
 * a time.
 */
export interface DuckDBLimits {
  /**
   * Memory, in bytes. Data that does not fit is written to temporary files.
   * @default 1,000,000,000, or a quarter of the memory that the process may use if that is less
   */
  readonly memory?: number;
  /** The number of threads that run a statement. @default half of the CPUs, at least 1 and at most 4 */
  readonly threads?: number;
  /** The size of its temporary files, in bytes; 0 for none. @default 10,000,000,000 */
  readonly spill?: number;
  /** How long one statement may run, such as `'90 minutes'`. Each pass over a file is a statement. @default '1 hour' */
  readonly time?: Duration;
}

/** The limits with their defaults; `time` in milliseconds. */
export type EffectiveLimits = Readonly<Record<keyof DuckDBLimits, number>>;

/** The variables that set the limits. */
export const VARIABLES = {
  memory: 'MCP_TASKS_DUCKDB_MEMORY',
  threads: 'MCP_TASKS_DUCKDB_THREADS',
  spill: 'MCP_TASKS_DUCKDB_SPILL',
  time: 'MCP_TASKS_DUCKDB_TIME',
} as const;

export const DEFAULT_MEMORY = 1_000_000_000;
export const DEFAULT_SPILL = 10_000_000_000;
export const DEFAULT_TIME: Duration = '1 hour';
export const MOST_DEFAULT_THREADS = 4;
/** DuckDB cannot work with less, in bytes. */
const LEAST_MEMORY = 10_000_000;

/** @throws McpTasksError `CONFIGURATION` if a limit is not a number in its range, or not a duration */
export function effectiveLimits(limits: DuckDBLimits = {}): EffectiveLimits {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  const {
    memory = Math.max(LEAST_MEMORY, Math.min(DEFAULT_MEMORY, Math.floor(available / 4))),
    threads = Math.max(1, Math.min(MOST_DEFAULT_THREADS, Math.floor(availableParallelism() / 2))),
    spill = DEFAULT_SPILL,
    time = DEFAULT_TIME,
  } = limits;
  checkNumber('memory', memory, LEAST_MEMORY);
  checkNumber('threads', threads, 1);
  checkNumber('spill', spill, 0);
  return { memory, threads, spill, time: milliseconds(time, 'duckdb.time') };
}

/**
 * Reads the limits from the environment.
 * @throws McpTasksError `CONFIGURATION` if a value is invalid; names the variable
 */
export function duckdbLimitsFromEnv(env: Readonly<Record<string, string | undefined>>): DuckDBLimits | undefined {
  const given = Object.entries(VARIABLES).flatMap(([limit, variable]) => {
    const text = env[variable];
    return text ? [[limit, limit === 'time' ? text : Number(text)] as const] : [];
  });
  if (given.length === 0) return undefined;
  const limits = Object.fromEntries(given) as DuckDBLimits;
  try {
    effectiveLimits(limits);
  } catch (error) {
    if (!(error instanceof McpTasksError)) throw error;
    throw new McpTasksError(
      'CONFIGURATION',
      error.message.replace(/`duckdb\.(\w+)`/, (_, limit: keyof DuckDBLimits) => VARIABLES[limit]),
    );
  }
  return limits;
}

function checkNumber(limit: keyof DuckDBLimits, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const unit = limit === 'threads' ? '' : ' bytes';
  throw new McpTasksError('CONFIGURATION', `\`duckdb.${limit}\` must be a whole number of at least ${least}${unit}`);
}
