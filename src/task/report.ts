/** What a task's workflow says about itself when queried. @module */
import type { Progress } from './progress.js';

/** A question that the workflow has put to the client and that is not answered yet. */
export interface InputRequest {
  /** The MCP request to make of the client, such as `elicitation/create`. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface TaskReport {
  readonly version: 1;
  readonly message?: string;
  readonly progress?: Progress;
  /** Open questions by key; a key is never used twice in a task's life. */
  readonly inputs: Readonly<Record<string, InputRequest>>;
  /** When any of this last changed, in milliseconds since 1970, by the workflow's clock. */
  readonly changedAt: number;
}

export function isTaskReport(value: unknown): value is TaskReport {
  return typeof value === 'object' && value !== null && (value as TaskReport).version === 1;
}
