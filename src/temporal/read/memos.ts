/** Finds the memo of a task, even if its workflow has lost it. @module */
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import type { TaskMemo } from '../../task/memo.js';
import { taskNotFound, type Calls } from '../rpc/calls.js';
import { optionalTsToMs } from '../seam.js';
import { describe, memoOf, type Description } from './describe.js';

const MOST_KNOWN = 2_000;

export class Memos {
  /** The memos found in first runs, by first run. They never change. */
  readonly #first = new LRUCache<string, TaskMemo>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the memo that the task's start stored. A workflow that continues as new with its own memo loses it; then
   * only the first run of the chain has it. If that run has been deleted, returns what Temporal itself knows, because
   * the work still belongs to a task.
   * @throws McpTasksError `TASK_NOT_FOUND` if the workflow was started without a memo of a task; as `memoOf` and
   * `describe`
   */
  async get(description: Description, until: number): Promise<TaskMemo> {
    return (await memoOf(this.calls, description, until)) ?? (await this.#ofFirstRun(description, until));
  }

  async #ofFirstRun(description: Description, until: number): Promise<TaskMemo> {
    const { workflowId, runId, raw } = description;
    const first = raw.workflowExecutionInfo?.firstRunId;
    if (!first || first === runId) throw taskNotFound();
    const known = this.#first.get(first);
    if (known) return known;
    const firstRun = await describe(this.calls, workflowId, until, first).catch(orUndefined);
    if (!firstRun) return bare(description);
    const memo = await memoOf(this.calls, firstRun, until);
    if (!memo) throw taskNotFound();
    this.#first.set(first, memo);
    return memo;
  }
}

/** Ignores that the run has been deleted. */
function orUndefined(error: unknown): undefined {
  if (!isMcpTasksError(error, 'TASK_NOT_FOUND')) throw error;
}

function bare({ type, raw }: Description): TaskMemo {
  const createdAt = optionalTsToMs(raw.workflowExecutionInfo?.startTime) ?? 0;
  return { version: 1, tool: type, createdAt, ttl: null };
}
