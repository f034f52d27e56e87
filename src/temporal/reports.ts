/**
 * A workflow's own report, by query. The answer is a function of the history, so while `describe` shows the history length
 * unmoved the last answer holds: that makes `tasks/get` cheap without making it stale, and lets it answer with no worker alive.
 * @module
 */
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { REPORT_QUERY } from '../task/names.js';
import { isTaskReport, type TaskReport } from '../task/report.js';
import { DEADLINE, within, type Calls } from './calls.js';

/** How many workflows' reports are kept. */
const MOST_REPORTS = 2_000;
/** How long a query that nobody answered is not tried again, in milliseconds, while the history does not move. */
const UNANSWERED_PAUSE = 3_000;

interface Known {
  readonly historyLength: number;
  readonly report: TaskReport | undefined;
  /** When to ask again although the history has not moved; only after a query that got no answer. */
  readonly askAgainAt?: number;
}

export class Reports {
  readonly #known = new LRUCache<string, Known>({ max: MOST_REPORTS });

  constructor(private readonly calls: Calls) {}

  /**
   * The report that goes with `description`, which must have been taken before: asked beside each other, a stale answer
   * could be kept under the newer length. With no worker to answer, the last known report, or `undefined`.
   */
  async get({ workflowId, runId, historyLength }: WorkflowExecutionDescription, until: number): Promise<TaskReport | undefined> {
    const known = this.#known.get(runId);
    if (known?.historyLength === historyLength && (known.askAgainAt ?? Infinity) > Date.now()) return known.report;
    try {
      const handle = this.calls.client.workflow.getHandle(workflowId, runId);
      const answer = await this.calls.once(Math.min(until, within(DEADLINE.query)), async () => await handle.query<unknown>(REPORT_QUERY));
      const report = isTaskReport(answer) ? answer : undefined;
      this.#known.set(runId, { historyLength, report });
      return report;
    } catch {
      // No worker, a workflow that knows no such query or one that has just closed: describe tells the rest either way.
      this.#known.set(runId, { historyLength, report: known?.report, askAgainAt: Date.now() + UNANSWERED_PAUSE });
      return known?.report;
    }
  }
}
