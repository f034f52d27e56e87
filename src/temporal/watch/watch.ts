/** Watches a task: a new view whenever it changed, until it has ended. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskReader, View } from '../read/read.js';
import { DEADLINE, within } from '../rpc/calls.js';
import { linkSignals } from '../rpc/signals.js';
import type { HistoryTails, Tick } from './tail.js';

export interface WatchOptions {
  /** End the watch; it then throws the first one's reason. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /**
   * What is waited for: the end alone, or whatever is news in the history, and where that is wanted the steps' progress too,
   * which is not in the history and so is looked for every so many milliseconds.
   */
  readonly interest: 'ending' | { readonly progressInterval: number; readonly wanted: (task: Task) => boolean };
}

/** The pause before a read that failed because Temporal was away is tried again, in milliseconds. */
const AWAY = 1_000;

/**
 * Yields the task as it is, then each time it has changed; the last view is the one with an outcome.
 * Temporal being away for a while only delays it.
 * @throws McpTasksError `TASK_NOT_FOUND`, `TEMPORAL_REFUSED` (rights that are given later make no waiting: whoever comes again
 * has them), `PAYLOAD_UNREADABLE`; a signal's reason
 */
export async function* watchTask(
  reader: TaskReader,
  tails: HistoryTails,
  id: string,
  { signals, interest }: WatchOptions,
): AsyncGenerator<Task, void> {
  const { signal, unlink } = linkSignals(...signals);
  const bell = new Bell(interest === 'ending' ? 'ending' : 'news');
  // Follow first, read after: what happens in between rings the bell.
  const unfollow = tails.follow(id, (tick) => bell.ring(tick));
  let timer: NodeJS.Timeout | undefined;
  try {
    let shown: string | undefined;
    for (;;) {
      const { task, lookAgainAt } = await readPatiently(reader, id, signal);
      const view = JSON.stringify(task);
      if (view !== shown) yield task;
      if (task.outcome) return;
      if (interest !== 'ending' && interest.wanted(task))
        timer ??= setInterval(() => bell.ring('news'), interest.progressInterval);
      shown = view;
      // Nobody else rings for what a query did not tell in time.
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

async function readPatiently(reader: TaskReader, id: string, signal: AbortSignal): Promise<View> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await reader.readRun(id, within(DEADLINE.list));
    } catch (error) {
      if (!isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') && !isMcpTasksError(error, 'CODEC_FAILED')) throw error;
      await delay(AWAY, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Lets one waiter sleep until something of interest has happened since it last looked. */
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
