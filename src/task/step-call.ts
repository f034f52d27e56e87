/**
 * The data that a workflow and its steps exchange beyond arguments and results. Only workflows that understand it ask
 * for it, so all others get a step's plain result. Part of histories, so fields may only be added. Pure.
 * @module
 */
import type { HeartbeatDetails, Progress } from './progress.js';

/**
 * The data that a workflow passes to a step. Its presence means that the workflow understands a {@link StepResult} and
 * schedules an interrupted step again. An interrupted step returns the call for its next schedule.
 */
export interface StepCall {
  /** Marks the value as this package's and gives its version. */
  readonly mcpStep: 1;
  /** How many attempts have started before, whatever their outcome. @default 0 */
  readonly starts?: number;
  /** How many of them have failed. @default 0 */
  readonly failures?: number;
  /** The message of the last failure. */
  readonly lastFailure?: string;
  /** The last heartbeat, with progress and checkpoint. */
  readonly details?: HeartbeatDetails;
  /** The maximum number of attempts of a step that begins as a local activity. Temporal itself makes only one. */
  readonly maximumAttempts?: number;
  /** The step is only looking for a worker that has it, and attempts are not limited. */
  readonly waiting?: true;
}

/** The last progress reports of a step that has ended, oldest first. Some may not have reached a heartbeat. */
export interface StepReports {
  readonly mcpStep: 1;
  readonly reports: readonly Progress[];
}

/** What a step returns to a workflow that sent a {@link StepCall}. */
export interface StepResult extends StepReports {
  readonly value: unknown;
}

/** The header that carries a {@link StepCall} to the steps of an author's workflow. */
export const STEP_CALL_HEADER = 'mcp-tasks-step';

export function isStepCall(value: unknown): value is StepCall {
  return typeof value === 'object' && value !== null && (value as StepCall).mcpStep === 1;
}

export function hasReports(value: unknown): value is StepReports {
  return isStepCall(value) && Array.isArray((value as Partial<StepReports>).reports);
}

/** Returns a step's own result, whether or not the step wrapped it. */
export function plainResult(result: unknown): unknown {
  return hasReports(result) ? (result as StepResult).value : result;
}
