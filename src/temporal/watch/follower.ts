/** A follower of a task: what it waits for, and the view that it has not fetched yet. @module */
import type { Task } from '../../task/task.js';
import { unlessAborted } from '../rpc/signals.js';

/**
 * What wakes a follower: only the end of the task, or any news in the history. In the second case, a task whose
 * progress is `wanted` is also read from time to time, because the history does not contain its steps' progress. It is
 * shown with the reports of its ended steps.
 */
export type Interest = 'ending' | { readonly wanted: (task: Task) => boolean };

export interface FollowOptions {
  readonly interest: Interest;
  /**
   * Whether to fail, instead of waiting, if Temporal or a codec is unavailable for the first read.
   * @default false
   */
  readonly impatient?: boolean;
}

/**
 * Why a task was read: to look for progress, because its history has grown, or because it may have ended. Each includes
 * those before it.
 */
export type Cause = 'progress' | 'news' | 'ending';

const RANK: Readonly<Record<Cause, number>> = { progress: 0, news: 1, ending: 2 };

/** Returns the cause that includes both. */
export function broader(one: Cause | undefined, other: Cause): Cause {
  return one !== undefined && RANK[one] > RANK[other] ? one : other;
}

/** A task, and its text to compare it by. */
export interface View {
  readonly task: Task;
  readonly text: string;
}

export class Follower {
  #unfetched: View | undefined;
  #fetched: string | undefined;
  #failed: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #waits = true;

  constructor(private readonly options: FollowOptions) {}

  /** Whether it has not been shown the task yet. */
  get waits(): boolean {
    return this.#waits;
  }

  get impatient(): boolean {
    return this.options.impatient === true;
  }

  /** Whether it follows more than the task's end. */
  get wantsNews(): boolean {
    return this.options.interest !== 'ending';
  }

  wantsProgress(task: Task): boolean {
    const { interest } = this.options;
    return interest !== 'ending' && interest.wanted(task);
  }

  /** Whether a read for this reason is for this follower. A task's first view and its end are for every follower. */
  accepts(cause: Cause, task: Task): boolean {
    if (this.#waits || task.outcome) return true;
    const least = !this.wantsNews ? 'ending' : this.wantsProgress(task) ? 'progress' : 'news';
    return RANK[cause] >= RANK[least];
  }

  /** Shows the task, unless it looks as it did when it was last fetched. Replaces a view that was not fetched. */
  show(view: View): void {
    this.#waits = false;
    this.#unfetched = view.text === this.#fetched ? undefined : view;
    if (this.#unfetched) this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failed = { error };
    this.#wake?.();
  }

  /**
   * Fetches the next view, once there is one.
   * @throws the error that it failed with; the signal's reason
   */
  async next(signal: AbortSignal): Promise<Task> {
    for (;;) {
      signal.throwIfAborted();
      const view = this.#unfetched;
      if (view) {
        this.#unfetched = undefined;
        this.#fetched = view.text;
        return view.task;
      }
      if (this.#failed) throw this.#failed.error;
      await unlessAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }
}
