/** The options of the HTTP handlers for both SDKs. @module */
import { milliseconds, type Duration } from '../../task/duration.js';
import { McpTasksError } from '../../task/errors.js';
import type { AllowedNames } from './allowed-names.js';

export interface StreamOptions {
  /** The maximum number of streams that clients can hold open. @default 1024 */
  readonly maxSubscriptions?: number;
  /** The interval of keepalive comments on an open stream; `false` for none. @default '15 seconds' */
  readonly keepAlive?: Duration | false;
  /**
   * The maximum size of a request's body, in bytes. Larger arguments and answers need external storage too.
   * @default 4194304 (4 MiB)
   */
  readonly maxRequestBodySize?: number;
}

/** The default of both SDKs, in bytes. */
const LARGEST_BODY = 4 * 1024 * 1024;

/** The options of `DurableTasks.handler`. */
export interface HandlerOptions extends StreamOptions, AllowedNames {}

export interface StreamLimits {
  readonly maxSubscriptions: number;
  readonly keepAliveMs: number;
  readonly maxRequestBodySize: number;
}

/**
 * Fills in the defaults.
 * @throws McpTasksError `CONFIGURATION` if `keepAlive` is not a duration, or `maxRequestBodySize` not a positive number
 */
export function streamLimits({
  maxSubscriptions = 1024,
  keepAlive = '15 seconds',
  maxRequestBodySize = LARGEST_BODY,
}: StreamOptions): StreamLimits {
  if (!(maxRequestBodySize > 0 && Number.isFinite(maxRequestBodySize)))
    throw new McpTasksError('CONFIGURATION', '`maxRequestBodySize` must be a number of bytes greater than 0');
  return {
    maxSubscriptions,
    keepAliveMs: keepAlive === false ? 0 : milliseconds(keepAlive, 'keepAlive'),
    maxRequestBodySize,
  };
}
