/**
 * What a step reports while it runs. Reports travel as the activity's heartbeat details, so `describe` shows them even
 * when no worker is running, and a retry starts from the last checkpoint. Pure.
 * @module
 */

import { cut, LONGEST_STATUS } from '../limits/limits.js';

export interface Progress {
  /** How much is done, in a unit the step chooses. Never decreases within a task. */
  readonly progress: number;
  /** The total amount in the same unit, if known. */
  readonly total?: number;
  /** What is being done, for a person. */
  readonly message?: string;
}

export interface HeartbeatDetails {
  /** Marks the details as this package's and gives their version. */
  readonly mcpTask: 1;
  /** When the step last reported anything, in milliseconds since 1970. Heartbeats in between carry nothing new. */
  readonly changedAt: number;
  readonly progress?: Progress;
  /** The last reports of progress, oldest first, each higher than the one before; see {@link withReport}. */
  readonly reports?: readonly Progress[];
  readonly checkpoint?: unknown;
  /** The highest number that was saved as a checkpoint. */
  readonly furthest?: number;
  /** The attempt that sent this. */
  readonly attempt?: AttemptRecord;
}

/** What an attempt records about itself, for the next one. */
export interface AttemptRecord {
  /** Its number, from 1, over all schedules of the step. */
  readonly number: number;
  /** In milliseconds since 1970, by the worker's clock. */
  readonly startedAt: number;
  /** Whether it has passed the highest progress, or number as a checkpoint, of the attempts before it. */
  readonly passed: boolean;
  /** Set if it failed, rather than being lost with its worker. */
  readonly failed?: true;
  /** The message of the last failure, of this attempt or one before it. */
  readonly lastFailure?: string;
}

/** How many reports of a step are kept. They travel with each heartbeat and with the step's result. */
const MOST_REPORTS = 20;

export function isHeartbeatDetails(value: unknown): value is HeartbeatDetails {
  return typeof value === 'object' && value !== null && (value as HeartbeatDetails).mcpTask === 1;
}

/**
 * Returns the progress that follows `last`. It never decreases, and values that are not finite (such as `0 / 0`) are
 * ignored.
 */
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
    // Authors in JavaScript may pass anything, and a report must never make the work fail.
    ...(typeof message === 'string' ? { message: cut(message, LONGEST_STATUS) } : {}),
  };
}

/** Returns the reports with `report` added if it is higher than the last one. Drops the oldest to make room. */
export function withReport(reports: readonly Progress[] = [], report: Progress): readonly Progress[] {
  return [...reports, ...higher([report], reports.at(-1)?.progress)].slice(-MOST_REPORTS);
}

/**
 * Returns the reports that a client may be sent, in order: MCP requires each one to be higher than the one before.
 * @param told the progress that the client was last sent
 */
export function higher(reports: readonly Progress[], told = -Infinity): Progress[] {
  let last = told;
  return reports.filter(({ progress }) => {
    if (progress <= last) return false;
    last = progress;
    return true;
  });
}

/**
 * Returns `value` as progress if it has MCP's shape, whether one of our steps made it or another heartbeat; otherwise
 * `undefined`.
 */
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

/** Returns the reports of a step's heartbeat or result that have MCP's shape. */
export function asReports(value: unknown): Progress[] {
  if (!Array.isArray(value)) return [];
  return value.map(asProgress).filter((report) => report !== undefined);
}

/**
 * Extracts progress from an activity's heartbeat details, if they look like progress: those of our own steps, an object
 * in MCP's form, or one or two numbers (done and total), as in `heartbeat(done, total)`.
 */
export function progressOfHeartbeat([first, second]: readonly unknown[]): Progress | undefined {
  if (typeof first === 'number') return { progress: first, ...(typeof second === 'number' ? { total: second } : {}) };
  return asProgress(isHeartbeatDetails(first) ? first.progress : first);
}
