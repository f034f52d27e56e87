/** What a task's start leaves in its workflow's memo: the facts that must outlive continue-as-new. @module */
import type { InputKind } from './input.js';
import type { WorkflowMapping } from './workflow-mapping.js';

/** What later messages about a task, and its workflow, need to know of the call that created it. */
export interface Caller {
  /** The session of the call: its client is told of the task's progress, and nobody else. */
  readonly session?: string;
  /** Valid for the task's life. */
  readonly progressToken?: string | number;
  /** What its client has not declared that it can answer. */
  readonly cannotAnswer?: readonly InputKind[];
}

export interface TaskMemo {
  readonly version: 1;
  readonly tool: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds from creation, or `null` for as long as Temporal keeps the workflow. */
  readonly ttl: number | null;
  readonly caller?: Caller;
  /** Of a task with an idempotency key: a keyed hash of its arguments, to know the same call by. */
  readonly argumentsHash?: string;
  /** Of a task whose workflow knows nothing of this package: how it is read and answered. */
  readonly mapping?: WorkflowMapping;
}

export function isTaskMemo(value: unknown): value is TaskMemo {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as TaskMemo).version === 1 &&
    typeof (value as TaskMemo).tool === 'string'
  );
}
