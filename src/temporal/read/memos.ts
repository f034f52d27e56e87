/** Finds the memo of a task, also if its workflow has lost it. @module */
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import type { TaskMemo } from '../../task/memo.js';
import type { Calls } from '../rpc/calls.js';
import { optionalTsToMs } from '../seam.js';
import { describe, memoOf, type Description } from './describe.js';

const MOST_KNOWN = 2_000;

export class Memos {
  /** The memos found in first runs, by first run. They never change. */
  readonly #first = new LRUCache<string, TaskMemo>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the memo that the task's start stored. A workflow that continues as new with a memo of its own loses it, and
   * then only the chain's first run has it. If that run is gone too, returns what Temporal itself knows: only tasks have
   * such workflow IDs, so a workflow without a memo is a task all the same.
   * @throws McpTasksError as `memoOf` and `describe`
   */
  async get(description: Description, until: number): Promise<TaskMemo> {
    return (
      (await memoOf(this.calls, description, until)) ??
      (await this.#ofFirstRun(description, until)) ??
      bare(description)
    );
  }

  async #ofFirstRun({ workflowId, runId, raw }: Description, until: number): Promise<TaskMemo | undefined> {
    const first = raw.workflowExecutionInfo?.firstRunId;
    if (!first || first === runId) return undefined;
    const known = this.#first.get(first);
    if (known) return known;
    try {
      const memo = await memoOf(this.calls, await describe(this.calls, workflowId, until, first), until);
      if (memo) this.#first.set(first, memo);
      return memo;
    } catch (error) {
      if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return undefined;
      throw error;
    }
  }
}

function bare({ type, raw }: Description): TaskMemo {
  const createdAt = optionalTsToMs(raw.workflowExecutionInfo?.startTime) ?? 0;
  return { version: 1, tool: type, createdAt, ttl: null };
}
