/** What a task's start leaves in its workflow's memo: the facts that must outlive continue-as-new. @module */

export interface TaskMemo {
  readonly version: 1;
  readonly tool: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds from creation, or `null` for as long as Temporal keeps the workflow. */
  readonly ttl: number | null;
}

export function isTaskMemo(value: unknown): value is TaskMemo {
  return typeof value === 'object' && value !== null && (value as TaskMemo).version === 1 && typeof (value as TaskMemo).tool === 'string';
}
