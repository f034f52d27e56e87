/**
 * A task in this package's own terms: what happened, not what either protocol version calls it. Each version in
 * `src/protocol` projects it.
 * @module
 */
import type { Caller } from './memo.js';
import { higher, type Progress } from './progress.js';
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
  | {
      readonly kind: 'cancelled';
      /** Who or what cancelled it, and what to do now. Missing if its caller cancelled it. */
      readonly reason?: string;
    };

/** One activity in progress, as Temporal sees it. Known even when no worker is running. */
export interface Step {
  readonly name: string;
  /** `unregistered`: the worker that last picked it up does not have it. */
  readonly state: 'waiting' | 'running' | 'retrying' | 'paused' | 'unregistered';
  /** The current or next attempt, from 1. */
  readonly attempt: number;
  /** 0 means unlimited. */
  readonly maximumAttempts: number;
  /** The message of the last attempt's failure. */
  readonly lastFailure?: string;
  /** When the next attempt is due, in milliseconds since 1970. Set only while `retrying`. */
  readonly retryAt?: number;
  readonly progress?: Progress;
  /** The last reports of progress, oldest first. Only this package's steps keep them. */
  readonly reports?: readonly Progress[];
  /** When this last changed, in milliseconds since 1970. */
  readonly changedAt: number;
}

/** A task as it is now. All times are numbers of milliseconds, as in MCP. */
export interface Task {
  readonly id: string;
  /** The tool's name. */
  readonly tool: string;
  readonly caller?: Caller;
  /** Set for an existing workflow, one that knows nothing about this package. */
  readonly mapping?: WorkflowMapping;
  /** Set for a function tool: its workflow itself reports and asks nothing, so only its step has news. */
  readonly silent?: true;
  /** Set for a function tool that begins as a local activity. */
  readonly short?: true;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  /** When anything about the task last changed. */
  readonly updatedAt: number;
  /** When the workflow closed. Missing while a cancelled task is still cleaning up. */
  readonly endedAt?: number;
  /** How long the task is kept, in milliseconds from its creation; `null` for as long as Temporal keeps it. */
  readonly ttl: number | null;
  /** Present as soon as the task reads as ended, and never changes afterwards. */
  readonly outcome?: Outcome;
  /** What an operator did to the task in Temporal, and what to do now. */
  readonly notice?: string;
  /** What the workflow says it is doing. */
  readonly message?: string;
  /** Progress of the whole task, as the workflow reports it. */
  readonly progress?: Progress;
  readonly inputs: Readonly<Record<string, InputRequest>>;
  readonly steps: readonly Step[];
  /** The reports of progress of steps that have ended, oldest first. Only a watch for progress looks for them. */
  readonly pastReports?: readonly Progress[];
  /** Why the workflow itself is stuck, if known: its code fails, or no worker takes it. */
  readonly stalled?: string;
}

export type EndedTask = Task & { readonly outcome: Outcome };

/** The `resultRetention` of tasks that were started before it was configurable, in milliseconds. */
const RESULT_RETENTION = 60 * 60_000;

/** The facts that decide when an ended task expires, in milliseconds. Points in time count from 1970. */
export interface Lifetime extends Pick<Task, 'ttl' | 'createdAt' | 'endedAt'> {
  /** How long the task stays readable after its end, even if its ttl has passed. @default an hour */
  readonly resultRetention?: number | undefined;
}

/**
 * Whether an ended task has expired. A ttl counts from creation but never makes a result unreadable as soon as it
 * exists: after its end a task stays readable for at least `resultRetention`. A running task never expires.
 */
export function isExpired(
  { ttl, createdAt, endedAt, resultRetention = RESULT_RETENTION }: Lifetime,
  now: number,
): boolean {
  if (ttl === null || endedAt === undefined) return false;
  return now > Math.max(createdAt + ttl, endedAt + resultRetention);
}

/** Returns whether the task may ask its client a question while it runs. */
export function mayAsk({ silent, mapping }: Pick<Task, 'silent' | 'mapping'>): boolean {
  return !silent && (!mapping || Object.keys(mapping.inputs ?? {}).length > 0);
}

/** Returns the progress to show: the running step's own, or else the workflow's. */
export function currentProgress(task: Pick<Task, 'progress' | 'steps'>): Progress | undefined {
  return task.steps.find((step) => step.progress !== undefined)?.progress ?? task.progress;
}

/**
 * Returns the reports of progress to send to a client, in order.
 * @param told the progress that the client was last sent
 */
export function newReports(task: Pick<Task, 'progress' | 'steps' | 'pastReports'>, told: number): Progress[] {
  const step = task.steps.find(({ progress }) => progress !== undefined);
  const current = currentProgress(task);
  return higher([...(task.pastReports ?? []), ...(step?.reports ?? []), ...(current ? [current] : [])], told);
}
