/**
 * Queries a workflow's own report. The answer is a function of the history, so the last one holds while `describe`
 * shows an unchanged history length. That makes `tasks/get` cheap without making it stale, and lets it answer when no
 * worker is running.
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
/** How long to wait before repeating an unanswered query while the history does not change, in milliseconds. */
const UNANSWERED_PAUSE = 3_000;
/** The same for a query that the workflow does not know or that fails: only new code would change that. */
const UNKNOWN_PAUSE = 30_000;
/** The longest pause before a watch looks for an answer again, in milliseconds. The pause doubles each time. */
const LONGEST_PAUSE = 60_000;

/** What is known about one query. */
interface QueryState {
  /** The length of the history when the query was last sent. */
  readonly historyLength: number;
  /** The last answer, and the length of the history that it reflects. */
  readonly answer?: { readonly value: unknown; readonly historyLength: number };
  /** When to send the query again although the history has not changed; set only if it got no answer. */
  readonly askAgainAt?: number;
  /**
   * Set if the query got no response at all, not even a refusal: how many times in a row at this history length, and
   * when a watch should look again even if nothing happens.
   */
  readonly unanswered?: { readonly times: number; readonly lookAgainAt: number };
}

export interface Reported {
  readonly report: TaskReport | undefined;
  /** By query, the length of the history when it gave the answer that the report uses. */
  readonly answeredAt: ReadonlyMap<string, number>;
}

interface Known {
  readonly asked: Map<string, QueryState>;
  /** The queries that are being repeated because they got no answer at the current length of the history. */
  readonly repeating: Set<string>;
  report?: TaskReport;
}

/** Returns the report of a workflow that has nothing to report. */
export function nothingReported(
  { historyLength }: Pick<Description, 'historyLength'>,
  mapping: WorkflowMapping | undefined,
): Reported {
  return { report: undefined, answeredAt: new Map(queriesFor(mapping).map((query) => [query, historyLength])) };
}

export class Reports {
  readonly #known = new LRUCache<string, Known>({ max: MOST_REPORTS });

  constructor(private readonly calls: Calls) {}

  /** Whether {@link get} would have to send a query. */
  isDue({ runId, historyLength }: Description, mapping: WorkflowMapping | undefined): boolean {
    const asked = this.#known.get(runId)?.asked;
    return queriesFor(mapping).some((query) => isDue(asked?.get(query), historyLength));
  }

  /**
   * Returns the report that belongs to `description`. Take the description first: if both were requested concurrently,
   * a stale answer could be kept under the newer length. If a query gets no answer, only its part of the report is
   * affected, and still shows the last known values.
   * @param mapping of an existing workflow, which has its own queries instead of ours
   */
  async get(description: Description, mapping: WorkflowMapping | undefined, until: number): Promise<Reported> {
    const { runId, historyLength } = description;
    const known: Known = this.#known.get(runId) ?? { asked: new Map(), repeating: new Set() };
    this.#known.set(runId, known);
    const due = queriesFor(mapping).filter((query) => isDue(known.asked.get(query), historyLength));
    const deadline = Math.min(until, within(DEADLINE.query));
    await Promise.all(due.map(async (query) => await this.#answer(known, description, query, deadline)));
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

  /**
   * Returns when there may be more to report even if nothing happens, because a query was not answered in time or at
   * all.
   */
  lookAgainAt(runId: string): number | undefined {
    const looks = [...(this.#known.get(runId)?.asked.values() ?? [])].flatMap(({ unanswered }) =>
      unanswered ? [unanswered.lookAgainAt] : [],
    );
    return looks.length === 0 ? undefined : Math.min(...looks);
  }

  /** Sends the query, unless another read is just repeating it: what has been shown since it got no answer still serves. */
  async #answer({ asked, repeating }: Known, description: Description, query: string, deadline: number): Promise<void> {
    const last = asked.get(query);
    const repeats = last?.historyLength === description.historyLength;
    if (repeats && repeating.has(query)) return;
    if (repeats) repeating.add(query);
    const state = await this.#ask(description, query, last, deadline);
    if (repeats) repeating.delete(query);
    asked.set(query, newest(state, asked.get(query)));
  }

  async #ask(
    { workflowId, runId, historyLength }: Description,
    query: string,
    last: QueryState | undefined,
    deadline: number,
  ): Promise<QueryState> {
    try {
      const value = await this.calls.once(
        deadline,
        async () => await this.calls.client.workflow.getHandle(workflowId, runId).query<unknown>(query),
      );
      return { historyLength, answer: { value, historyLength } };
    } catch (error) {
      // No worker is running, or the workflow does not know the query or has just closed. `describe` provides the rest.
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

/**
 * Combines the findings of two reads. The one that began first may end last, and must not overwrite the other's answer.
 */
function newest(state: QueryState, known: QueryState | undefined): QueryState {
  if (!known) return state;
  const answer = lengthOf(state.answer) < lengthOf(known.answer) ? known.answer : state.answer;
  const later = state.historyLength < known.historyLength ? known : state;
  // If either got an answer at this length, no query is due.
  const settled = lengthOf(answer) === later.historyLength;
  return settled
    ? { historyLength: later.historyLength, ...(answer ? { answer } : {}) }
    : { ...later, ...(answer ? { answer } : {}) };
}

function lengthOf(answer: QueryState['answer']): number {
  return answer?.historyLength ?? -1;
}

function queriesFor(mapping: WorkflowMapping | undefined): readonly string[] {
  return mapping ? queriesOf(mapping) : [REPORT_QUERY];
}

function isDue(asked: QueryState | undefined, historyLength: number): boolean {
  return asked?.historyLength !== historyLength || (asked.askAgainAt ?? Infinity) <= Date.now();
}

/**
 * Builds the report of an existing workflow. It does not say when its state last changed, so use the time when the
 * change was first seen.
 */
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
