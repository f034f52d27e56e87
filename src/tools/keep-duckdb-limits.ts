/** Makes DuckDB keep its limits, and says so if a statement reaches one. @module */
import { ToolError } from '../tool/errors.js';
import { VARIABLES, type DuckDBLimits, type EffectiveLimits } from './duckdb-limits.js';

/** The longest delay of a timer, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How long to wait before interrupting again, in milliseconds: a statement that has not quite begun ignores it. */
const AGAIN = 100;

/** The settings that make DuckDB keep the limits. */
export function limitSettings({ memory, threads, spill }: EffectiveLimits): string[] {
  return [`memory_limit = '${memory}B'`, `threads = ${threads}`, `max_temp_directory_size = '${spill}B'`];
}

/** Returns the error to throw if a statement has failed because of a limit; `undefined` if it has not. */
export function limitError(error: unknown, { memory, spill }: EffectiveLimits): ToolError | undefined {
  if (!(error instanceof Error) || !/Out of Memory Error/i.test(error.message)) return undefined;
  return error.message.includes('max_temp_directory_size')
    ? reached('spill', `more temporary disk space than ${spill} bytes`)
    : reached('memory', `more memory than ${memory} bytes`);
}

/**
 * Runs a statement, and interrupts it if it takes too long.
 * @throws ToolError if it took too long
 */
export async function withinTime<T>(
  { time }: EffectiveLimits,
  interrupt: () => void,
  run: () => Promise<T>,
): Promise<T> {
  let late = false;
  const end = (): void => {
    late = true;
    interrupt();
    timer = setTimeout(end, AGAIN);
  };
  let timer = setTimeout(end, Math.min(time, LONGEST_TIMER));
  try {
    return await run();
  } catch (error) {
    throw late ? reached('time', `more time than ${time / 1_000} seconds for one statement`) : error;
  } finally {
    clearTimeout(timer);
  }
}

function reached(limit: keyof DuckDBLimits, what: string): ToolError {
  return new ToolError(
    `this needs ${what}, which is the worker's limit. Retrying won't help; use smaller or fewer files, or ask the operator to raise ${VARIABLES[limit]} (the option duckdb.${limit})`,
  );
}
