/** Finds the history event of the last handled signal or update, to tell identical answers apart. @module */
import type { temporal } from '@temporalio/proto';
import { LRUCache } from 'lru-cache';
import { within, type Calls } from '../rpc/calls.js';
import { newestFirst, type Run } from './history.js';
import { EventType } from '../rpc/proto.js';

/** In batches of events. A server returns at most 256 at once, and logs a warning if a client requests more. */
const PAGE_SIZE = 250;
/** How long scanning a whole history may take, in milliseconds. That is longer than the first caller can wait. */
const LONGEST_SCAN = 60_000;
const MOST_KNOWN = 2_000;

/** A signal or update that a run has taken; both are 0 if there is none yet. */
export interface Taken {
  /** The ID of the event that is the signal or the update's acceptance. */
  readonly event: number;
  /**
   * The ID of the event that shows that it was taken: the workflow's code continued after the signal, or completed the
   * update.
   */
  readonly by: number;
}

interface Known {
  readonly taken: Taken;
  /** No newer message up to this event has been taken, or will be. */
  readonly to: number;
}

export class TakenMessages {
  readonly #known = new LRUCache<string, Known>({ max: MOST_KNOWN });
  readonly #scans = new Map<string, Promise<Taken>>();

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the last message with one of these names that the run has taken. If it is too far back to be found in time,
   * the search continues in the background, so that a later call finds it.
   * @param historyLength a length of the run's history; no message taken up to there is missed
   * @throws McpTasksError `TEMPORAL_UNAVAILABLE` if it was not found in time, `TEMPORAL_REFUSED`
   */
  async last(run: Run, names: readonly string[], historyLength: number, until: number): Promise<Taken> {
    const key = JSON.stringify([run.runId, names]);
    const known = this.#known.get(key);
    if (known && known.to >= historyLength) return known.taken;
    return await this.calls.once(until, async () => {
      // A scan in progress may have begun too early, but what it finds need not be searched again.
      for (let before = this.#scans.get(key); before; before = this.#scans.get(key))
        await before.catch(() => undefined);
      // If the deadline passed while waiting, fail instead of starting a long scan.
      const scan = this.#scan(key, run, names, Date.now() < until ? within(LONGEST_SCAN) : until);
      this.#scans.set(key, scan);
      return await scan.finally(() => this.#scans.delete(key));
    });
  }

  async #scan(key: string, run: Run, names: readonly string[], until: number): Promise<Taken> {
    const known = this.#known.get(key);
    const completed = new Map<string, number>();
    let wentOn: number | undefined;
    let to: number | undefined;
    let taken = known?.taken ?? { event: 0, by: 0 };
    for await (const event of newestFirst(this.calls, run, until, { size: PAGE_SIZE })) {
      const number = Number(event.eventId);
      to ??= number;
      if (known && number <= known.to) break;
      if (event.eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) wentOn = number;
      const done = event.workflowExecutionUpdateCompletedEventAttributes?.acceptedEventId;
      if (done) completed.set(String(done), number);
      if (!names.includes(nameOf(event) ?? '')) continue;
      const by = event.workflowExecutionSignaledEventAttributes ? wentOn : completed.get(String(event.eventId));
      if (by !== undefined) {
        taken = { event: number, by };
        break;
      }
      // It may still be taken later.
      to = number - 1;
    }
    this.#known.set(key, { taken, to: to ?? 0 });
    return taken;
  }
}

function nameOf({
  workflowExecutionSignaledEventAttributes: signal,
  workflowExecutionUpdateAcceptedEventAttributes: update,
}: temporal.api.history.v1.IHistoryEvent): string | null | undefined {
  return signal ? signal.signalName : update?.acceptedRequest?.input?.name;
}
