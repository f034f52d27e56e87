/** What a host may pass to `callTool` and `resume`. @module */
import type { OnInput } from './inputs.js';
import type { Progress } from './seam.js';
import type { TaskStatus } from './status.js';
import type { TaskStore } from './task-store.js';

export interface CallToolParams {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface ResumeOptions {
  /** Called with the task when it is created and whenever a poll finds it changed. */
  readonly onStatus?: (status: TaskStatus) => void;
  /**
   * Answers the questions of this call and its task, beside the polling; the client has to declare the capabilities it answers
   * for (`elicitation`, `sampling`). In 2025-11-25 it goes before the client's own request handlers, for this task alone.
   * What it throws rejects the call; the task goes on. @default in 2025-11-25 the client's handlers; in 2026-07-28 questions of a task stay open
   */
  readonly onInput?: OnInput;
  /** Aborting it cancels the task (or the call) and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the server may be out of reach while the task runs, in milliseconds. @default 300 000 */
  readonly patience?: number;
  /** Where the task is recorded while it is awaited, so that another process can {@link resume} it. @default nowhere */
  readonly taskStore?: TaskStore;
}

export interface CallToolOptions extends ResumeOptions {
  /**
   * Called with the progress of the call, and in 2025-11-25 of its task. In 2026-07-28 a task has no progress notifications:
   * its status messages tell it.
   */
  readonly onProgress?: (progress: Progress) => void;
  /** How long the server is asked to keep the task from its creation, in milliseconds; 2025-11-25 only. @default the server's choice */
  readonly ttl?: number;
  /** How long the answer to the call itself may take, in milliseconds: a tool that does not become a task answers only at its end. @default 60 000 */
  readonly timeout?: number;
}
