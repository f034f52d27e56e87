/** The report that a task's workflow returns when queried. @module */
import type { Progress } from './progress.js';

/** A question that the workflow has asked the client and that is still open. */
export interface InputRequest {
  /** The method of the MCP request to send to the client, such as `elicitation/create`. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface TaskReport {
  readonly version: 1;
  readonly message?: string;
  readonly progress?: Progress;
  /** Open questions by key. A key is never used twice in a task's lifetime. */
  readonly inputs: Readonly<Record<string, InputRequest>>;
  /** When any of this last changed, in milliseconds since 1970, by the workflow's clock. */
  readonly changedAt: number;
}

export function isTaskReport(value: unknown): value is TaskReport {
  return typeof value === 'object' && value !== null && (value as TaskReport).version === 1;
}
