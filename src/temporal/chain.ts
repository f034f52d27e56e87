/**
 * Chains of runs: continue-as-new keeps the workflow ID and clears the cancellation request, but a task that was cancelled
 * stays cancelled.
 * @module
 */
import { LRUCache } from 'lru-cache';
import type { Calls } from './calls.js';
import { describe, type Description } from './describe.js';

/** How many earlier runs are looked at. */
const FURTHEST_BACK = 100;
const MOST_KNOWN = 2_000;

export interface CancelledRun {
  readonly runId: string;
}

export class Chains {
  /** The cancelled run before this one, or `null`: it never changes. */
  readonly #known = new LRUCache<string, { readonly run: CancelledRun | null }>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** The run of this task's chain that cancellation was requested of, this one included. */
  async cancelledRun(description: Description, until: number): Promise<CancelledRun | undefined> {
    const { workflowId, runId, raw, cancelled } = description;
    if (cancelled) return { runId };
    const first = raw.workflowExecutionInfo?.firstRunId;
    if (!first || first === runId) return undefined;
    const known = this.#known.get(runId) ?? { run: await this.#before(workflowId, runId, first, until) };
    this.#known.set(runId, known);
    return known.run ?? undefined;
  }

  async #before(workflowId: string, runId: string, first: string, until: number): Promise<CancelledRun | null> {
    let current = runId;
    for (let back = 0; back < FURTHEST_BACK && current !== first; back++) {
      const previous = await this.#previousRun(workflowId, current, until);
      if (!previous) return null;
      const known = this.#known.get(previous);
      const description = await describe(this.calls, workflowId, until, previous);
      if (description.cancelled) return { runId: previous };
      if (known) return known.run;
      current = previous;
    }
    return null;
  }

  /** A run's first event names the run it continues. */
  async #previousRun(workflowId: string, runId: string, until: number): Promise<string | undefined> {
    const { client } = this.calls;
    const request = { namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: 1 };
    const { history } = await this.calls.run(until, async () => await client.workflowService.getWorkflowExecutionHistory(request));
    return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
}
