/** The request to start a task. @module */
import type { FormRequest } from '../../task/form.js';
import type { IdempotencyKey } from '../../task/idempotency-key.js';
import type { Caller } from '../../task/memo.js';
import type { DurableTool } from '../../tool/define-tool.js';

/** A task to start. */
export interface StartRequest {
  /** Whose task it is. */
  readonly owner: string;
  readonly tool: DurableTool;
  /**
   * For a function tool, the arguments as received (the worker parses them). For a workflow tool, the arguments as
   * parsed by its schema.
   */
  readonly args: unknown;
  /** The answer to a question that was asked before the start. The work gets it in addition to the arguments. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** A form that the task sends to the client before its work begins. */
  readonly askFirst?: FormRequest;
  /** In milliseconds from creation; `null` for as long as Temporal keeps the workflow. */
  readonly ttl: number | null;
  /** What happens to a task that is still running when its ttl passes. @default 'keep' */
  readonly onTtl?: 'keep' | 'cancel';
  readonly caller?: Caller;
  /**
   * Repeating a call with the same key, owner and tool returns the same task for as long as it is kept.
   * @default none, which always starts a new task
   */
  readonly key?: IdempotencyKey;
}
