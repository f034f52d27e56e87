/** Where a host keeps the tasks it awaits, to find them again after it was killed. @module */

export interface StoredTask {
  readonly taskId: string;
  /** The tool's name. */
  readonly tool: string;
  /** Whose task it is, as the server names itself; a host with several servers picks by it. */
  readonly server?: { readonly name: string; readonly version: string };
  /** ISO 8601. */
  readonly createdAt: string;
}

/** {@link fileTaskStore} is one; a host with a database of its own writes another. */
export interface TaskStore {
  /** Resolves once the task would be listed after a crash. */
  put(task: StoredTask): Promise<void>;
  /** A task that is not there is no error. */
  remove(taskId: string): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly StoredTask[]>;
}
