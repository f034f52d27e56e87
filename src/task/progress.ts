/**
 * What a step reports while it runs. It travels as the activity's heartbeat details, so that
 * `describe` shows it with no worker alive, and so that a retried attempt starts from the last checkpoint. Pure.
 * @module
 */

export interface Progress {
  /** How much is done, in the unit the step chose; never decreases within a task. */
  readonly progress: number;
  /** How much there is in all, in the same unit, where it is known. */
  readonly total?: number;
  /** What is being done, for a person. */
  readonly message?: string;
}

export interface HeartbeatDetails {
  /** Marks the details as ours and gives their version. */
  readonly mcpTask: 1;
  /** When the step last reported anything, in milliseconds since 1970; heartbeats in between say nothing new. */
  readonly changedAt: number;
  readonly progress?: Progress;
  readonly checkpoint?: unknown;
}

export function isHeartbeatDetails(value: unknown): value is HeartbeatDetails {
  return typeof value === 'object' && value !== null && (value as HeartbeatDetails).mcpTask === 1;
}

/** The next progress after `last`: never less, and nothing that is not a number (`0 / 0` is quickly reported). */
export function advance(
  last: Progress | undefined,
  done: number,
  total?: number,
  message?: string,
): Progress | undefined {
  if (!Number.isFinite(done)) return last;
  return {
    progress: Math.max(done, last?.progress ?? done),
    ...(total !== undefined && Number.isFinite(total) ? { total } : {}),
    ...(message === undefined ? {} : { message }),
  };
}

/** `value` if it looks like progress, whoever made it: our own steps, or anybody's heartbeat in MCP's form. */
export function asProgress(value: unknown): Progress | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { progress, total, message } = value as Partial<Record<keyof Progress, unknown>>;
  if (typeof progress !== 'number') return undefined;
  return {
    progress,
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

/**
 * The progress in an activity's heartbeat, as far as its details look like some: our own steps', an object in MCP's form, or
 * one or two numbers (done, and of how much), as in `heartbeat(done, total)`.
 */
export function progressOfHeartbeat([first, second]: readonly unknown[]): Progress | undefined {
  if (typeof first === 'number') return { progress: first, ...(typeof second === 'number' ? { total: second } : {}) };
  return asProgress(isHeartbeatDetails(first) ? first.progress : first);
}
