/** The options of the HTTP handlers for both SDKs. @module */
import { milliseconds, type Duration } from '../../task/duration.js';
import type { AllowedNames } from './allowed-names.js';

export interface StreamOptions {
  /** The maximum number of streams that clients can hold open. @default 1024 */
  readonly maxSubscriptions?: number;
  /** The interval of keepalive comments on an open stream; `false` for none. @default '15 seconds' */
  readonly keepAlive?: Duration | false;
}

/** The options of `DurableTasks.handler`. */
export interface HandlerOptions extends StreamOptions, AllowedNames {}

/**
 * Fills in the defaults.
 * @throws McpTasksError `CONFIGURATION` if `keepAlive` is not a duration
 */
export function streamLimits({ maxSubscriptions = 1024, keepAlive = '15 seconds' }: StreamOptions): {
  readonly maxSubscriptions: number;
  readonly keepAliveMs: number;
} {
  return { maxSubscriptions, keepAliveMs: keepAlive === false ? 0 : milliseconds(keepAlive, 'keepAlive') };
}
