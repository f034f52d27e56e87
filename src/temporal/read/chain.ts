/**
 * Chains of runs: continue-as-new keeps the workflow ID and clears the cancellation request, but a task that was cancelled
 * stays cancelled.
 * @module
 */
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import type { Calls } from '../rpc/calls.js';
import { describe, type Description } from './describe.js';

/** How many earlier runs are looked at. */
const FURTHEST_BACK = 100;
const MOST_KNOWN = 2_000;

export interface CancelledRun {
  readonly runId: string;
}

/** What is known of the runs before one, as far as they were looked at: it never changes. */
interface Earlier {
  readonly looked: number;
  readonly cancelled?: CancelledRun;
  /** The run to look at next; absent where there is no other. */
  readonly next?: string | undefined;
}

export class Chains {
  readonly #known = new LRUCache<string, Earlier>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** The run of this task's chain that cancellation was requested of, this one included. */
  async cancelledRun(
    { workflowId, runId, raw, cancelled }: Description,
    until: number,
  ): Promise<CancelledRun | undefined> {
    if (cancelled) return { runId };
    const first = raw.workflowExecutionInfo?.firstRunId;
    if (!first || first === runId) return undefined;
    let earlier = this.#known.get(runId) ?? { looked: 0, next: await this.#previousRun(workflowId, runId, until) };
    this.#known.set(runId, earlier);
    while (earlier.next !== undefined && earlier.looked < FURTHEST_BACK) {
      earlier = await this.#further(workflowId, earlier.looked, earlier.next, first, until);
      // At each run, so that a read that is out of time leaves less to do for the next one.
      this.#known.set(runId, earlier);
    }
    return earlier.cancelled;
  }

  async #further(workflowId: string, looked: number, runId: string, first: string, until: number): Promise<Earlier> {
    const known = this.#known.get(runId);
    const and = (before: Earlier): Earlier => ({ ...before, looked: looked + 1 + before.looked });
    try {
      const [{ cancelled }, previous] = await Promise.all([
        describe(this.calls, workflowId, until, runId),
        known || runId === first ? undefined : this.#previousRun(workflowId, runId, until),
      ]);
      if (cancelled) return { looked: looked + 1, cancelled: { runId } };
      return and(known ?? { looked: 0, next: previous });
    } catch (error) {
      // Its retention is over, or somebody has deleted it. What came before it is older still.
      if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return and(known ?? { looked: 0 });
      throw error;
    }
  }

  /** A run's first event names the run it continues. */
  async #previousRun(workflowId: string, runId: string, until: number): Promise<string | undefined> {
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: 1 };
    const { history } = await this.calls.run(
      until,
      async () => await client.workflowService.getWorkflowExecutionHistory(request),
    );
    return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
}
