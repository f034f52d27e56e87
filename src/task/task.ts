/**
 * A task as this package thinks of it: what happened, not what either protocol version calls it.
 * `src/wire` projects it onto each version.
 * @module
 */
import type { Caller } from './memo.js';
import type { Progress } from './progress.js';
import type { InputRequest } from './report.js';
import type { ToolResult } from './result.js';
import type { WorkflowMapping } from './workflow-mapping.js';

/** A JSON-RPC error object. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** How a task ended. */
export type Outcome =
  | { readonly kind: 'result'; readonly result: ToolResult }
  | { readonly kind: 'error'; readonly error: RpcError }
  | { readonly kind: 'cancelled' };

/** One activity under way, as Temporal sees it: known with no worker alive. */
export interface Step {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'retrying' | 'paused';
  /** The attempt that runs or is next, from 1. */
  readonly attempt: number;
  /** 0: no limit. */
  readonly maximumAttempts: number;
  /** The message of the last attempt's failure. */
  readonly lastFailure?: string;
  /** When the next attempt is due, in milliseconds since 1970; only while `retrying`. */
  readonly retryAt?: number;
  readonly progress?: Progress;
  /** When this last changed, in milliseconds since 1970. */
  readonly changedAt: number;
}

export interface Task {
  readonly id: string;
  /** The tool's name. */
  readonly tool: string;
  readonly caller?: Caller;
  /** Of a task whose workflow knows nothing of this package. */
  readonly mapping?: WorkflowMapping;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  /** When anything of the task last changed. */
  readonly updatedAt: number;
  /** When the work ended; a cancelled task may still be cleaning up. */
  readonly endedAt?: number;
  /** How long the task is kept from its creation, in milliseconds; `null`: as long as Temporal keeps it. */
  readonly ttl: number | null;
  /** Present from the moment the task reads as ended, and never changed after. */
  readonly outcome?: Outcome;
  /** What the workflow says it is doing. */
  readonly message?: string;
  /** Progress of the whole task, as the workflow reports it. */
  readonly progress?: Progress;
  readonly inputs: Readonly<Record<string, InputRequest>>;
  readonly steps: readonly Step[];
  /** Why the workflow itself does not move on (its code fails, or no worker takes it), where that is known. */
  readonly stalled?: string;
}

export type EndedTask = Task & { readonly outcome: Outcome };

/** The shortest time an ended task stays readable after its end, whatever its ttl, in milliseconds. */
const GRACE = 10 * 60_000;

/**
 * Whether an ended task's time is over. A ttl counts from creation, but never makes a result unreadable as soon as it
 * exists: after the end a task stays for as long as its ttl, up to ten minutes. A task that still runs never expires.
 */
export function isExpired(task: Pick<Task, 'ttl' | 'createdAt' | 'endedAt'>, now: number): boolean {
  if (task.ttl === null || task.endedAt === undefined) return false;
  return now > Math.max(task.createdAt + task.ttl, task.endedAt + Math.min(task.ttl, GRACE));
}

/** The progress to show: the running step's own, or else the workflow's. */
export function currentProgress(task: Pick<Task, 'progress' | 'steps'>): Progress | undefined {
  return task.steps.find((step) => step.progress !== undefined)?.progress ?? task.progress;
}
