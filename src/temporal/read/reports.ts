/**
 * A workflow's own report, by query. The answer is a function of the history, so while `describe` shows the history length
 * unmoved the last answer holds: that makes `tasks/get` cheap without making it stale, and lets it answer with no worker alive.
 * @module
 */
import { QueryNotRegisteredError } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { REPORT_QUERY } from '../../task/names.js';
import { isTaskReport, type TaskReport } from '../../task/report.js';
import type { WorkflowMapping } from '../../task/workflow-mapping.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { Description } from './describe.js';
import { mappedReport, queriesOf } from './mapped-report.js';

/** How many workflows' reports are kept. */
const MOST_REPORTS = 2_000;
/** How long a query that nobody answered is not tried again, in milliseconds, while the history does not move. */
const UNANSWERED_PAUSE = 3_000;
/** The same for a query that the workflow does not know, or fails at: only other code would answer it. */
const UNKNOWN_PAUSE = 30_000;
/** A watch looks for an answer after twice as long each time, and after this many milliseconds at the latest. */
const LONGEST_PAUSE = 60_000;

/** What is known of one query. */
interface Asked {
  /** Of the history, when it was asked last. */
  readonly historyLength: number;
  /** The last answer, and how long the history was that it is of. */
  readonly answer?: { readonly value: unknown; readonly historyLength: number };
  /** When to ask again although the history has not moved; only after a query that got no answer. */
  readonly askAgainAt?: number;
  /** Of one that was not even refused: how often in a row, and when a watch is to look again, though nothing happens. */
  readonly unanswered?: { readonly times: number; readonly lookAgainAt: number };
}

export interface Reported {
  readonly report: TaskReport | undefined;
  /** How long the history was, by query, when it gave the answers that the report is made of. */
  readonly answeredAt: ReadonlyMap<string, number>;
}

interface Known {
  readonly asked: Map<string, Asked>;
  report?: TaskReport;
}

export class Reports {
  readonly #known = new LRUCache<string, Known>({ max: MOST_REPORTS });

  constructor(private readonly calls: Calls) {}

  /**
   * The report that goes with `description`, which must have been taken before: asked beside each other, a stale answer
   * could be kept under the newer length. A query that is not answered costs only what it would have told, and of that what
   * it told last is still shown.
   * @param mapping of a workflow that has queries of its own instead of ours
   */
  async get(description: Description, mapping: WorkflowMapping | undefined, until: number): Promise<Reported> {
    const { runId, historyLength } = description;
    const known = this.#known.get(runId) ?? { asked: new Map<string, Asked>() };
    this.#known.set(runId, known);
    const due = (mapping ? queriesOf(mapping) : [REPORT_QUERY]).filter((query) =>
      isDue(known.asked.get(query), historyLength),
    );
    const deadline = Math.min(until, within(DEADLINE.query));
    await Promise.all(
      due.map(async (query) =>
        known.asked.set(query, await this.#ask(description, query, known.asked.get(query), deadline)),
      ),
    );
    const answers = new Map(
      [...known.asked].flatMap(([query, { answer }]) => (answer ? [[query, answer.value] as const] : [])),
    );
    const report = mapping ? ofMapped(mapping, answers, known.report) : answers.get(REPORT_QUERY);
    if (isTaskReport(report)) known.report = report;
    return {
      report: known.report,
      answeredAt: new Map([...known.asked].map(([query, { answer }]) => [query, answer?.historyLength ?? 0])),
    };
  }

  /** When there may be more to tell, though nothing happens: nobody was there to answer, or not in time. */
  lookAgainAt(runId: string): number | undefined {
    const looks = [...(this.#known.get(runId)?.asked.values() ?? [])].flatMap(({ unanswered }) =>
      unanswered ? [unanswered.lookAgainAt] : [],
    );
    return looks.length === 0 ? undefined : Math.min(...looks);
  }

  async #ask(
    { workflowId, runId, historyLength }: Description,
    query: string,
    last: Asked | undefined,
    deadline: number,
  ): Promise<Asked> {
    try {
      const value = await this.calls.once(
        deadline,
        async () => await this.calls.client.workflow.getHandle(workflowId, runId).query<unknown>(query),
      );
      return { historyLength, answer: { value, historyLength } };
    } catch (error) {
      // No worker, a workflow that knows no such query or one that has just closed: describe tells the rest either way.
      const before = last?.answer ? { answer: last.answer } : {};
      const now = Date.now();
      if (error instanceof QueryNotRegisteredError)
        return { historyLength, askAgainAt: now + UNKNOWN_PAUSE, ...before };
      const times = last?.historyLength === historyLength ? (last.unanswered?.times ?? 0) + 1 : 1;
      const unanswered = { times, lookAgainAt: now + Math.min(UNANSWERED_PAUSE * 2 ** (times - 1), LONGEST_PAUSE) };
      return { historyLength, askAgainAt: now + UNANSWERED_PAUSE, unanswered, ...before };
    }
  }
}

function isDue(asked: Asked | undefined, historyLength: number): boolean {
  return asked?.historyLength !== historyLength || (asked.askAgainAt ?? Infinity) <= Date.now();
}

/** Such a workflow does not say when it last changed what it says: that is when it was seen first. */
function ofMapped(
  mapping: WorkflowMapping,
  answers: ReadonlyMap<string, unknown>,
  last: TaskReport | undefined,
): TaskReport | undefined {
  if (answers.size === 0) return undefined;
  const report = mappedReport(mapping, answers);
  const same = last && JSON.stringify({ ...report, changedAt: last.changedAt }) === JSON.stringify(last);
  return { ...report, changedAt: same ? last.changedAt : Date.now() };
}
