/** Stores the tasks that a host awaits, so that it finds them again after it was killed. @module */

/** A record of a task that a host awaits. */
export interface StoredTask {
  readonly taskId: string;
  /** The tool's name. */
  readonly tool: string;
  /** The server that has the task, as it names itself, so that a host with several servers knows which one to ask. */
  readonly server?: { readonly name: string; readonly version: string };
  /** ISO 8601. */
  readonly createdAt: string;
}

/** A place for tasks: use {@link fileTaskStore}, or write one for your own database. */
export interface TaskStore {
  /** Resolves once the task is stored durably: `list` would return it after a crash. */
  put(task: StoredTask): Promise<void>;
  /** Does nothing if the task is not stored. */
  remove(taskId: string): Promise<void>;
  /** Returns the oldest task first. */
  list(): Promise<readonly StoredTask[]>;
}
