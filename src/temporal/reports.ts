/**
 * A workflow's own report, by query. The answer is a function of the history, so while `describe` shows the history length
 * unmoved the last answer holds: that makes `tasks/get` cheap without making it stale, and lets it answer with no worker alive.
 * @module
 */
import { QueryNotRegisteredError, type WorkflowExecutionDescription } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { REPORT_QUERY } from '../task/names.js';
import { isTaskReport, type TaskReport } from '../task/report.js';
import type { WorkflowMapping } from '../task/workflow-mapping.js';
import { DEADLINE, within, type Calls } from './calls.js';
import { mappedReport, queriesOf } from './mapped-report.js';

/** How many workflows' reports are kept. */
const MOST_REPORTS = 2_000;
/** How long a query that nobody answered is not tried again, in milliseconds, while the history does not move. */
const UNANSWERED_PAUSE = 3_000;
/** The same for a query that the workflow does not know, or fails at: only other code would answer it. */
const UNKNOWN_PAUSE = 30_000;

type Ask = (query: string) => Promise<unknown>;

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
   * @param mapping of a workflow that has queries of its own instead of ours
   */
  async get({ workflowId, runId, historyLength }: WorkflowExecutionDescription, mapping: WorkflowMapping | undefined, until: number): Promise<TaskReport | undefined> {
    const known = this.#known.get(runId);
    if (known?.historyLength === historyLength && (known.askAgainAt ?? Infinity) > Date.now()) return known.report;
    const handle = this.calls.client.workflow.getHandle(workflowId, runId);
    const deadline = Math.min(until, within(DEADLINE.query));
    const ask: Ask = async (query) => await this.calls.once(deadline, async () => await handle.query<unknown>(query));
    try {
      const report = mapping && queriesOf(mapping).length > 0 ? await askMapped(mapping, ask, known?.report) : await askOurs(ask);
      this.#known.set(runId, { historyLength, report });
      return report;
    } catch (error) {
      // No worker, a workflow that knows no such query or one that has just closed: describe tells the rest either way.
      const pause = error instanceof QueryNotRegisteredError ? UNKNOWN_PAUSE : UNANSWERED_PAUSE;
      this.#known.set(runId, { historyLength, report: known?.report, askAgainAt: Date.now() + pause });
      return known?.report;
    }
  }
}

async function askOurs(ask: Ask): Promise<TaskReport | undefined> {
  const answer = await ask(REPORT_QUERY);
  return isTaskReport(answer) ? answer : undefined;
}

/** Such a workflow does not say when it last changed what it says: that is when it was seen first. */
async function askMapped(mapping: WorkflowMapping, ask: Ask, last: TaskReport | undefined): Promise<TaskReport> {
  const answers = await Promise.all(queriesOf(mapping).map(async (query) => [query, await ask(query)] as const));
  const report = mappedReport(mapping, new Map(answers));
  const same = last && JSON.stringify({ ...report, changedAt: last.changedAt }) === JSON.stringify(last);
  return { ...report, changedAt: same ? last.changedAt : Date.now() };
}
