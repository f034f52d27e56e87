/** The facts that starting a task stores in its workflow's memo because they must outlive continue-as-new. @module */
import type { InputKind } from './input.js';
import type { WorkflowMapping } from './workflow-mapping.js';

/** The facts about the call that created a task, for the workflow and for later messages. */
export interface Caller {
  /** The session of the call. Only its client receives the task's progress. */
  readonly session?: string;
  /** Valid for the task's lifetime. */
  readonly progressToken?: string | number;
  /** The kinds of input that the client has not declared support for. */
  readonly cannotAnswer?: readonly InputKind[];
  /** How long a question without a deadline of its own waits for the client, in milliseconds. @default forever */
  readonly answerWithin?: number;
}

export interface TaskMemo {
  readonly version: 1;
  readonly tool: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds from creation, or `null` for as long as Temporal keeps the workflow. */
  readonly ttl: number | null;
  /** How long the task stays readable after its end, even if its ttl has passed, in milliseconds. @default an hour */
  readonly resultRetention?: number;
  /** Whether the janitor may delete the task's closed workflow once the task has expired. @default false */
  readonly deletable?: boolean;
  readonly caller?: Caller;
  /** A keyed hash of the arguments, to recognize the same call. Only for a task with an idempotency key. */
  readonly argumentsHash?: string;
  /** The maximum size of everything that the workflow sends at once, in bytes. Not set in tasks of earlier versions. */
  readonly largest?: number;
  /** How to read and answer an existing workflow, one that knows nothing about this package. */
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
