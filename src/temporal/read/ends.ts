/** Finds out how closed runs ended, and remembers it: the end of a run never changes. @module */
import { TerminatedFailure } from '@temporalio/client';
import { LRUCache } from 'lru-cache';
import { isMcpTasksError } from '../../task/errors.js';
import type { Outcome } from '../../task/task.js';
import type { WorkflowMapping } from '../../task/workflow-mapping.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { Description } from './describe.js';
import { endIn, endOf, type Closing, type End } from './end.js';
import { failureText, type StartedEvent } from './failure-text.js';
import type { NewestHistory } from './history.js';
import { terminationText } from './operator.js';
import { outcomeOfFailure, outcomeOfResult, outcomeOfTermination, outcomeOfUnreadable } from './outcome.js';

/** How much is remembered, in bytes as JSON: in all, and of one outcome. */
const MEMORY = { all: 8_000_000, one: 256_000 };
/** The size of an entry besides its outcome, in bytes. */
const ENTRY = 200;
/**
 * How long an outcome is remembered, in milliseconds. Not forever, because a codec may be fixed to decode more of it.
 */
const TTL = 10 * 60_000;

type ClosedRun = Pick<Description, 'workflowId' | 'runId' | 'type'>;

export class Ends {
  /** By run. */
  readonly #known = new LRUCache<string, Outcome>({
    maxSize: MEMORY.all,
    maxEntrySize: MEMORY.one,
    sizeCalculation: (outcome) => ENTRY + JSON.stringify(outcome).length,
    ttl: TTL,
  });

  constructor(
    private readonly calls: Calls,
    private readonly history: NewestHistory,
  ) {}

  /**
   * Returns the outcome of a closed run.
   * @param closing the event that closed it, if it is known
   * @throws McpTasksError as `endOf`
   */
  async outcome(
    run: ClosedRun,
    mapping: WorkflowMapping | undefined,
    until: number,
    closing?: Closing,
  ): Promise<Outcome> {
    const known = this.#known.get(run.runId);
    if (known) return known;
    const deadline = this.#deadline(until);
    const seen = closing?.runId === run.runId ? await this.#endIn(closing, run.workflowId, deadline) : undefined;
    const end = seen ?? (await endOf(this.calls, this.history, run, deadline));
    const outcome = await this.#outcomeOf(end, run, mapping, until);
    if (!('unreadable' in end)) this.#known.set(run.runId, outcome);
    return outcome;
  }

  /**
   * Returns the outcome from the closing event alone, without a request; `undefined` if the event is not enough.
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE`, `CODEC_FAILED`, `CONFIGURATION` if a codec server refuses
   */
  async outcomeIn(
    closing: Closing,
    workflowId: string,
    mapping: WorkflowMapping | undefined,
    until: number,
  ): Promise<Outcome | undefined> {
    const end = await this.#endIn(closing, workflowId, this.#deadline(until));
    // The text of an existing workflow's failure needs more than its last event.
    if (!end || (mapping && !('value' in end))) return undefined;
    const outcome = 'value' in end ? outcomeOfResult(end.value, workflowId, mapping) : outcomeOfFailure(end.failure);
    this.#known.set(closing.runId, outcome);
    return outcome;
  }

  async #endIn(closing: Closing, workflowId: string, until: number): Promise<Awaited<ReturnType<typeof endIn>>> {
    return await endIn(this.calls, closing, workflowId, until).catch(unlessUnreadable);
  }

  /** A result from external storage may take longer than other reads. */
  #deadline(until: number): number {
    return this.calls.stores ? Math.max(until, within(DEADLINE.stored)) : until;
  }

  async #outcomeOf(
    end: End,
    { workflowId, runId, type }: ClosedRun,
    mapping: WorkflowMapping | undefined,
    until: number,
  ): Promise<Outcome> {
    if ('value' in end) return outcomeOfResult(end.value, workflowId, mapping);
    if ('unreadable' in end) return outcomeOfUnreadable(end.unreadable);
    if (end.failure instanceof TerminatedFailure) {
      const last = await this.history.last(workflowId, runId, until);
      return outcomeOfTermination(terminationText(last?.workflowExecutionTerminatedEventAttributes ?? {}));
    }
    const attemptOf = async (event: StartedEvent): Promise<number | undefined> =>
      await this.history.attempt(event, until).catch(() => undefined);
    const text =
      mapping && end.failure
        ? await failureText(end.failure, {
            workflow: { workflowId, runId, type },
            attemptOf,
            stackTraces: mapping.stackTraces ?? false,
          })
        : undefined;
    return outcomeOfFailure(end.failure, text);
  }
}

function unlessUnreadable(error: unknown): undefined {
  if (!isMcpTasksError(error, 'PAYLOAD_UNREADABLE')) throw error;
}
