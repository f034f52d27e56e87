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
/**
 * How long a query may take, in milliseconds. A read waits less, but its query continues: a busy worker may need
 * longer, and if each query were abandoned, its answer would never be seen.
 */
const PATIENCE = 5_000;
/**
 * How many queries may continue after the reads that sent them. Each takes one of the server's long-running requests
 * (by default 1,200), and while no worker runs, every query continues.
 */
const MOST_GOING_ON = 100;
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
  /**
   * Resolves when a query has ended that was not waited for; `undefined` if there is none. The history does not say
   * that: a query leaves no trace in it.
   */
  readonly late: Promise<void> | undefined;
}

interface SentQuery {
  /** The length of the history when it was sent. */
  readonly historyLength: number;
  /** Until when the read that sent it waits, in milliseconds since 1970. */
  readonly until: number;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

interface Known {
  readonly asked: Map<string, QueryState>;
  /** The queries that have not ended yet, by name: the last one sent of each. */
  readonly underWay: Map<string, SentQuery>;
  report?: TaskReport;
}

/** Returns the report of a workflow that has nothing to report. */
export function nothingReported(
  { historyLength }: Pick<Description, 'historyLength'>,
  mapping: WorkflowMapping | undefined,
): Reported {
  const answeredAt = new Map(queriesFor(mapping).map((query) => [query, historyLength]));
  return { report: undefined, answeredAt, late: undefined };
}

export class Reports {
  readonly #known = new LRUCache<string, Known>({ max: MOST_REPORTS });
  #underWay = 0;

  constructor(private readonly calls: Calls) {}

  /** Returns whether {@link get} would have to send a query. */
  isDue(description: Description, mapping: WorkflowMapping | undefined): boolean {
    const { asked, underWay } = this.#known.get(description.runId) ?? {};
    return queriesFor(mapping).some(
      (query) => isDue(asked?.get(query), description.historyLength) && !sentAt(description, underWay?.get(query)),
    );
  }

  /**
   * Returns the report that belongs to `description`. Take the description first: if both were requested concurrently,
   * a stale answer could be kept under the newer length. If a query gets no answer, only its part of the report is
   * affected, and still shows the last known values.
   * @param mapping of an existing workflow, which has its own queries instead of ours
   */
  async get(description: Description, mapping: WorkflowMapping | undefined, until: number): Promise<Reported> {
    const { runId, historyLength } = description;
    const known: Known = this.#known.get(runId) ?? { asked: new Map(), underWay: new Map() };
    this.#known.set(runId, known);
    const due = queriesFor(mapping).filter((query) => isDue(known.asked.get(query), historyLength));
    const deadline = Math.min(until, within(DEADLINE.query));
    await Promise.all(due.map(async (query) => await this.#awaitAnswer(known, description, query, deadline)));
    const answers = new Map(
      [...known.asked].flatMap(([query, { answer }]) => (answer ? [[query, answer.value] as const] : [])),
    );
    const report = mapping ? ofMapped(mapping, answers, known.report) : answers.get(REPORT_QUERY);
    if (isTaskReport(report)) known.report = report;
    return {
      report: known.report,
      answeredAt: new Map([...known.asked].map(([query, { answer }]) => [query, answer?.historyLength ?? 0])),
      // Taken now: an answer that comes while the read goes on with other things is not in this report.
      late: late(known),
    };
  }

  /** Returns when there may be more to report even if nothing happens, because a query was not answered. */
  lookAgainAt(runId: string): number | undefined {
    const { asked, underWay } = this.#known.get(runId) ?? {};
    const looks = [...(asked ?? [])].flatMap(([query, { unanswered }]) =>
      unanswered && !underWay?.has(query) ? [unanswered.lookAgainAt] : [],
    );
    return looks.length === 0 ? undefined : Math.min(...looks);
  }

  /**
   * Waits for the answer at this length of the history, at most until the deadline. Sends the query only if it is not
   * under way already. Doesn't wait for one that an earlier read has already waited for in vain.
   */
  async #awaitAnswer(known: Known, description: Description, query: string, deadline: number): Promise<void> {
    const sent = sentAt(description, known.underWay.get(query)) ?? this.#send(known, description, query, deadline);
    const until = Math.min(deadline, sent.until);
    if (Date.now() < until) await this.calls.once(until, async () => await sent.ended).catch(() => undefined);
  }

  #send({ asked, underWay }: Known, description: Description, query: string, until: number): SentQuery {
    const deadline = this.#underWay < MOST_GOING_ON ? within(PATIENCE) : until;
    this.#underWay++;
    const ask = async (): Promise<void> => {
      const state = await this.#ask(description, query, asked.get(query), deadline);
      this.#underWay--;
      if (underWay.get(query) === sent) underWay.delete(query);
      asked.set(query, newest(state, asked.get(query)));
    };
    const sent: SentQuery = { historyLength: description.historyLength, until, ended: ask() };
    underWay.set(query, sent);
    return sent;
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

function late({ underWay }: Known): Promise<void> | undefined {
  const sent = [...underWay.values()];
  return sent.length === 0 ? undefined : Promise.race(sent.map(({ ended }) => ended));
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

/** Returns the query if it was sent at this length of the history, so that its answer belongs to the description. */
function sentAt({ historyLength }: Description, sent: SentQuery | undefined): SentQuery | undefined {
  return sent?.historyLength === historyLength ? sent : undefined;
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
