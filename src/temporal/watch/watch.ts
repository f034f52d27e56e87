/** Watches a task and yields it each time it changes, until it has ended. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskReader, View } from '../read/read.js';
import { DEADLINE, within } from '../rpc/calls.js';
import { linkSignals } from '../rpc/signals.js';
import type { HistoryTails, Tick } from './tail.js';

export interface WatchOptions {
  /** Any of these ends the watch, which then throws the reason of the signal that aborted first. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /**
   * What wakes the watch: only the end of the task, or any news in the history. In the second case, a task whose
   * progress is `wanted` is also read every `progressInterval` milliseconds, because the history does not contain its
   * steps' progress. It is yielded with the reports of its ended steps.
   */
  readonly interest: 'ending' | { readonly progressInterval: number; readonly wanted: (task: Task) => boolean };
}

/** How long to wait before retrying a read that failed because Temporal or a codec was unavailable, in milliseconds. */
const AWAY = 1_000;

/**
 * Yields the task as it is now and again each time it changes. The last view is the one with an outcome. A Temporal
 * outage only delays the next view.
 * @throws McpTasksError `TASK_NOT_FOUND`, `PAYLOAD_UNREADABLE`, `TEMPORAL_REFUSED` (the watch does not wait until
 * someone grants the missing permission; call again once it is granted), `CONFIGURATION` if a codec server refuses; the
 * reason of an aborted signal
 */
export async function* watchTask(
  reader: TaskReader,
  tails: HistoryTails,
  id: string,
  { signals, interest }: WatchOptions,
): AsyncGenerator<Task, void> {
  const { signal, unlink } = linkSignals(...signals);
  const bell = new Bell(interest === 'ending' ? 'ending' : 'news');
  // Follow first, then read: a change in between rings the bell.
  const unfollow = tails.follow(id, (tick) => bell.ring(tick));
  let latest: Task | undefined;
  const timer =
    interest === 'ending'
      ? undefined
      : setInterval(() => {
          if (latest && interest.wanted(latest)) bell.ring('news');
        }, interest.progressInterval);
  try {
    let shown: string | undefined;
    for (;;) {
      const { task, lookAgainAt } = await patiently(signal, async () => {
        const read = await reader.readRun(id, within(DEADLINE.list));
        if (interest === 'ending' || !interest.wanted(read.task)) return read;
        return { ...read, task: await reader.withPastReports(read, within(DEADLINE.list)) };
      });
      const view = JSON.stringify(task);
      if (view !== shown) yield task;
      if (task.outcome) return;
      latest = task;
      shown = view;
      // If a query got no answer in time, the history will not ring the bell, so set a timer.
      const again =
        lookAgainAt === undefined ? undefined : setTimeout(() => bell.ring('news'), lookAgainAt - Date.now());
      await bell.rung(signal).finally(() => clearTimeout(again));
    }
  } finally {
    clearInterval(timer);
    unfollow();
    unlink();
  }
}

/** Repeats `read` while Temporal or a codec is unavailable. */
async function patiently(signal: AbortSignal, read: () => Promise<View>): Promise<View> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      if (!isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && !isMcpTasksError(error, 'CODEC_FAILED')) throw error;
      await delay(AWAY, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Lets one waiter sleep until something relevant has happened since it last woke up. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(private readonly interest: Tick) {}

  ring(tick: Tick): void {
    if (this.interest === 'ending' && tick !== 'ending') return;
    this.#rung = true;
    this.#wake?.();
  }

  async rung(signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
        if (signal.aborted) abort();
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}
