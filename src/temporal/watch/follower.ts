/** A follower of a task: what it waits for, and the view that it has not fetched yet. @module */
import type { Task } from '../../task/task.js';

/**
 * What a follower waits for: only the task's end, any news of its workflow, or also news of its steps. In the last
 * case, the task is also read from time to time, because the history does not contain its steps' progress, and it is
 * shown with the reports of its ended steps.
 */
export type Wanted = 'ending' | 'news' | 'progress';

export interface FollowOptions {
  /** Returns what the follower of this task waits for. If only for the end, it may see nothing before that. */
  readonly wanted: (task: Task) => Wanted;
  /**
   * Says whether the follower needs what it waits for in this task. If not, it may see only the end while there are not
   * enough long polls.
   * @default it needs whatever it waits for besides the end
   */
  readonly closely?: ((task: Task) => boolean) | undefined;
  /**
   * Whether to fail, instead of waiting, if Temporal or a codec is unavailable for the first read.
   * @default false
   */
  readonly impatient?: boolean;
}

/**
 * Why a task is read: to look for progress, because its workflow may have news, or because it may have ended. Each
 * includes those before it.
 */
export type Cause = Wanted;

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

  wants(task: Task): Wanted {
    return this.options.wanted(task);
  }

  /** Returns whether it needs more than the end of the task. */
  isClose(task: Task): boolean {
    return this.wants(task) !== 'ending' && (this.options.closely?.(task) ?? true);
  }

  /** Whether a read for this reason is for this follower. A task's first view and its end are for every follower. */
  accepts(cause: Cause, task: Task): boolean {
    return this.#waits || task.outcome !== undefined || this.needs(cause, task);
  }

  /** Returns whether `cause` is a reason to read the task for this follower. `task` is how it was last seen. */
  needs(cause: Cause, task: Task): boolean {
    return RANK[cause] >= RANK[this.wants(task)];
  }

  /** Shows the task, unless it looks as it did when it was last fetched. Replaces a view that was not fetched. */
  show(view: View): void {
    this.#waits = false;
    this.#unfetched = view.text === this.#fetched ? undefined : view;
    if (this.#unfetched) this.#wake?.();
  }

  /** Fails once the last view has been fetched. */
  fail(error: unknown): void {
    this.#failed = { error };
    this.#wake?.();
  }

  /** Fails at once. */
  abort(reason: unknown): void {
    this.#unfetched = undefined;
    this.fail(reason);
  }

  /**
   * Fetches the next view, once there is one.
   * @throws the error that it failed with
   */
  async next(): Promise<Task> {
    for (;;) {
      const view = this.#unfetched;
      if (view) {
        this.#unfetched = undefined;
        this.#fetched = view.text;
        return view.task;
      }
      if (this.#failed) throw this.#failed.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
