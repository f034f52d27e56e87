/**
 * Finds cancellations in chains of runs. Continue-as-new keeps the workflow ID but clears the cancellation request, and
 * a cancelled task has to stay cancelled.
 * @module
 */
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import type { Calls } from '../rpc/calls.js';
import { describe, type Description } from './describe.js';
import type { Run } from './history.js';

/** How many earlier runs are checked at most. */
const FURTHEST_BACK = 100;
const MOST_KNOWN = 2_000;

export interface CancelledRun {
  readonly runId: string;
}

/** What is known about the runs before one, as far as they were checked. It never changes. */
interface Earlier {
  readonly looked: number;
  readonly cancelled?: CancelledRun;
  /** The run to check next; absent if there is none. */
  readonly next?: string | undefined;
}

/** The run to check next. */
interface NextRun extends Run {
  /** The chain's first run. */
  readonly first: string;
  /** How many runs have been checked already. */
  readonly looked: number;
}

export class Chains {
  readonly #known = new LRUCache<string, Earlier>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** Returns the newest run of the task's chain, up to this one, whose cancellation was requested. */
  async cancelledRun(
    { workflowId, runId, raw, cancelled }: Description,
    until: number,
  ): Promise<CancelledRun | undefined> {
    if (cancelled) return { runId };
    const first = raw.workflowExecutionInfo?.firstRunId;
    if (!first || first === runId) return undefined;
    let earlier = this.#known.get(runId) ?? { looked: 0, next: await this.#previousRun({ workflowId, runId }, until) };
    this.#known.set(runId, earlier);
    while (earlier.next !== undefined && earlier.looked < FURTHEST_BACK) {
      earlier = await this.#lookBack({ workflowId, runId: earlier.next, first, looked: earlier.looked }, until);
      // Save after each run, so that a read that runs out of time leaves less work for the next one.
      this.#known.set(runId, earlier);
    }
    return earlier.cancelled;
  }

  /** Checks one more run, and returns what is then known. */
  async #lookBack({ workflowId, runId, first, looked }: NextRun, until: number): Promise<Earlier> {
    const known = this.#known.get(runId);
    const and = (before: Earlier): Earlier => ({ ...before, looked: looked + 1 + before.looked });
    try {
      const [{ cancelled }, previous] = await Promise.all([
        describe(this.calls, workflowId, until, runId),
        known || runId === first ? undefined : this.#previousRun({ workflowId, runId }, until),
      ]);
      if (cancelled) return { looked: looked + 1, cancelled: { runId } };
      return and(known ?? { looked: 0, next: previous });
    } catch (error) {
      // Its retention period has passed, or someone has deleted it. Earlier runs are even older, so stop here.
      if (isMcpTasksError(error, 'TASK_NOT_FOUND')) return and(known ?? { looked: 0 });
      throw error;
    }
  }

  /** Returns the run that this one continues, which its first event names. */
  async #previousRun({ workflowId, runId }: Run, until: number): Promise<string | undefined> {
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: 1 };
    const { history } = await this.calls.run(
      until,
      async () => await client.workflowService.getWorkflowExecutionHistory(request),
    );
    return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
}
