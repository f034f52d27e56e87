/** What a step sees of the task it works for. @module */

export interface StepContext<Checkpoint = unknown> {
  /** The task's ID, which is the workflow's ID. */
  readonly taskId: string;
  /** Which attempt at this step this is, from 1. */
  readonly attempt: number;
  /** Aborted when the task is cancelled, the step times out or the worker shuts down. */
  readonly signal: AbortSignal;
  /**
   * What the last attempt that called {@link checkpoint} saved; `undefined` at a fresh start.
   * A checkpoint is the last one that reached Temporal, which may be older than the last one taken
   * (by the heartbeat throttle, 1 s by default), so work done after it can be seen again.
   */
  readonly lastCheckpoint: Checkpoint | undefined;
  /** Reports progress; cheap, call it as often as you like. `done` never goes back: a smaller value is ignored, and so is one that is no number. */
  progress(done: number, total?: number, message?: string): void;
  /** Saves where to go on after a crash. Must be JSON; keep it small (a few KiB). */
  checkpoint(value: Checkpoint): void;
}
