/** A step's view of its task. @module */

/** A step's view of its task, which it gets as its second argument. */
export interface StepContext<Checkpoint = unknown> {
  /** The task's ID, which is also the workflow's ID. */
  readonly taskId: string;
  /**
   * The number of this attempt at the step, from 1. Every start has its own number, even one that doesn't use up an
   * attempt.
   */
  readonly attempt: number;
  /** Aborted when the task is cancelled, the step times out or the worker shuts down. */
  readonly signal: AbortSignal;
  /**
   * The checkpoint that earlier attempts saved; `undefined` if there is none. It is the last checkpoint that reached
   * Temporal, which may be older than the last one saved (by up to the heartbeat throttle, 1 s by default). A retry may
   * therefore repeat work done after it.
   */
  readonly lastCheckpoint: Checkpoint | undefined;
  /**
   * Reports progress. Cheap: call it as often as you like. `done` never decreases: a smaller value is treated as the
   * current one. A value that is not finite is ignored.
   */
  progress(done: number, total?: number, message?: string): void;
  /**
   * Saves where to resume after a crash. The value is copied at once, so it may change afterwards. It must be JSON; keep
   * it small (a few KiB): each heartbeat sends it.
   * @throws ApplicationFailure, not retryable, if the value cannot be encoded; ToolError if it is larger than 1,000,000
   * bytes. Save such data elsewhere, and checkpoint its location
   */
  checkpoint(value: Checkpoint): void;
}
