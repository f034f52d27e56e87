/** The options of `callTool` and `resume`. @module */
import type { Duration } from '../task/duration.js';
import type { OnInput } from './inputs.js';
import type { Progress } from './seam.js';
import type { TaskStatus } from './status.js';
import type { TaskStore } from './task-store.js';

/** The tool to call, and its arguments. */
export interface CallToolParams {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** The options of `resume`. */
export interface ResumeOptions {
  /** Called with the task when it is created and whenever a poll finds it changed. */
  readonly onStatus?: (status: TaskStatus) => void;
  /**
   * Answers the questions of this call and its task while the task is polled. The client has to declare the
   * capabilities for them (`elicitation`, `sampling`). In 2025-11-25 it takes precedence over the client's own request
   * handlers, for this task only. If it throws, the call rejects with that error; the task continues.
   * @default in 2025-11-25 the client's handlers; in 2026-07-28 a task's questions stay open
   */
  readonly onInput?: OnInput;
  /** Aborting it cancels the task (or the call) and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * How long the server may be unreachable while the task runs, or refuse requests because a limit has been reached.
   * @default '5 minutes'
   */
  readonly patience?: Duration;
  /** Where to record the task while it is awaited, so that another process can {@link resume} it. @default nowhere */
  readonly taskStore?: TaskStore;
}

/** The options of `callTool`. */
export interface CallToolOptions extends ResumeOptions {
  /**
   * Called with the progress of the call and, in 2025-11-25, of its task. In 2026-07-28 tasks have no progress
   * notifications; their status messages show progress instead.
   */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * The ttl to request for the task, counted from its creation; 2025-11-25 only.
   * @default the server's choice
   */
  readonly ttl?: Duration;
  /**
   * How long the answer to the call itself may take. A tool that does not become a task answers only when it is done.
   * @default '1 minute'
   */
  readonly timeout?: Duration;
}
