/**
 * A workflow's task state. There is one per workflow run, and queries are answered from its first use on.
 * @module
 */
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { REPORT_QUERY } from '../task/names.js';
import type { Progress } from '../task/progress.js';
import { MOST_REFUSALS } from '../task/refused-answers.js';
import type { InputRequest, TaskReport } from '../task/report.js';
import { handleClaims, type Claims } from './claims.js';

export const reportQuery = defineQuery<TaskReport>(REPORT_QUERY);

export interface TaskState {
  message?: string;
  progress?: Progress;
  readonly inputs: Map<string, InputRequest>;
  /** For each open question, how often answers to it were refused, by session; `''` for none. */
  readonly refusals: Map<string, ReadonlyMap<string, number>>;
  readonly claims: Claims;
  changedAt: number;
}

let current: { readonly runId: string; readonly state: TaskState } | undefined;

/** Returns the state of the running workflow; the first call creates it and registers the handlers. */
export function taskState(): TaskState {
  const { runId } = workflowInfo();
  // Keyed by run, because a reused sandbox may keep module state from one workflow to the next.
  if (current?.runId === runId) return current.state;
  const inputs = new Map<string, InputRequest>();
  const refusals: TaskState['refusals'] = new Map();
  const claims = handleClaims({
    isOpen: (key) => inputs.has(key),
    asks: (key, session) => (refusals.get(key)?.get(session) ?? 0) < MOST_REFUSALS,
  });
  const state: TaskState = { inputs, refusals, claims, changedAt: Date.now() };
  current = { runId, state };
  setHandler(reportQuery, () => report(state), {
    description: 'Progress, message and open input requests of this MCP task',
  });
  return state;
}

export function changed(state: TaskState): void {
  state.changedAt = Date.now();
}

function report(state: TaskState): TaskReport {
  return {
    version: 1,
    ...(state.message === undefined ? {} : { message: state.message }),
    ...(state.progress === undefined ? {} : { progress: state.progress }),
    inputs: Object.fromEntries(state.inputs),
    changedAt: state.changedAt,
  };
}
