/** The options of the HTTP handlers for both SDKs. @module */
import { milliseconds, type Duration } from '../../task/duration.js';
import type { AllowedNames } from './allowed-names.js';

export interface StreamOptions {
  /** The interval of keepalive comments on an open stream; `false` for none. @default '15 seconds' */
  readonly keepAlive?: Duration | false;
}

/** The options of `DurableTasks.handler`. Limits are options of `DurableTasks.connect`. */
export interface HandlerOptions extends StreamOptions, AllowedNames {}

/**
 * Returns the interval in milliseconds; 0 for never.
 * @throws McpTasksError `CONFIGURATION` if it is not a duration
 */
export function keepAliveOf({ keepAlive = '15 seconds' }: StreamOptions): number {
  return keepAlive === false ? 0 : milliseconds(keepAlive, 'keepAlive');
}

/** Returns a limit for an SDK, which requires a finite number. */
export function finite(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
