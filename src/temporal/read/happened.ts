/** Finds out what last happened to an open workflow, from its newest history events. @module */
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { REPLY_SIGNAL } from '../../task/names.js';
import type { WorkflowMapping } from '../../task/workflow-mapping.js';
import type { Calls } from '../rpc/calls.js';
import { EventType } from '../rpc/proto.js';
import { optionalTsToMs } from '../seam.js';
import { newestFirst, type Run } from './history.js';
import type { PersonsSignal } from './operator.js';

/** How far back the first look goes: the page size in batches of events, and the maximum number of pages. */
const PAGES = { size: 20, most: 10 };
const MOST_KNOWN = 2_000;

/** The default identity of a client's SDK: the process ID and the host. */
const SDK_IDENTITY = /^\d+@/;

const STEP_ENDED = new Set<number>([
  EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
  EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED,
]);

/** All times are milliseconds since 1970. */
export interface Happened {
  /** When a step last ended. It is no longer pending then, so only the history shows this. */
  readonly stepEndedAt?: number;
  readonly signal?: PersonsSignal;
}

interface Known {
  readonly happened: Happened;
  readonly historyLength: number;
}

export class Happenings {
  readonly #known = new LRUCache<string, Known>({ max: MOST_KNOWN });

  constructor(private readonly calls: Calls) {}

  /** Returns what has been found so far; `undefined` before the first search. */
  known({ runId }: Pick<Run, 'runId'>): Happened | undefined {
    return this.#known.get(runId)?.happened;
  }

  /** Notes that nothing has happened up to this length of the run's history, which then need not be searched. */
  nothing({ runId, historyLength }: Run & { readonly historyLength: number }): Happened {
    const known = this.#known.get(runId) ?? { happened: {}, historyLength };
    this.#known.set(runId, known);
    return known.happened;
  }

  /** Returns what last happened up to this length of the run's history, as far as it can be found by `until`. */
  async get(
    run: Run & { readonly historyLength: number },
    mapping: WorkflowMapping | undefined,
    until: number,
  ): Promise<Happened> {
    const { runId, historyLength } = run;
    const known = this.#known.get(runId);
    if (known && known.historyLength >= historyLength) return known.happened;
    try {
      const happened = { ...known?.happened, ...(await this.#scan(run, known?.historyLength ?? 0, mapping, until)) };
      this.#known.set(runId, { happened, historyLength });
      return happened;
    } catch {
      return known?.happened ?? {};
    }
  }

  /** Scans the events after number `from`. */
  async #scan(run: Run, from: number, mapping: WorkflowMapping | undefined, until: number): Promise<Happened> {
    let stepEndedAt: number | undefined;
    let signal: Happened['signal'];
    for await (const event of newestFirst(this.calls, run, until, PAGES)) {
      if (Number(event.eventId) <= from || (stepEndedAt !== undefined && signal)) break;
      const at = optionalTsToMs(event.eventTime);
      if (at === undefined) continue;
      if (STEP_ENDED.has(event.eventType ?? 0)) stepEndedAt ??= at;
      const name = personsSignal(event, mapping);
      if (name !== undefined) signal ??= { name, at };
    }
    return { ...(stepEndedAt === undefined ? {} : { stepEndedAt }), ...(signal ? { signal } : {}) };
  }
}

function personsSignal(
  { workflowExecutionSignaledEventAttributes: signal }: temporal.api.history.v1.IHistoryEvent,
  mapping: WorkflowMapping | undefined,
): string | undefined {
  const name = signal?.signalName;
  if (!name || name === REPLY_SIGNAL || SDK_IDENTITY.test(signal.identity ?? '')) return undefined;
  const answers = Object.values(mapping?.inputs ?? {}).flatMap(({ answer, declined }) => [answer.name, declined?.name]);
  return answers.includes(name) ? undefined : name;
}
