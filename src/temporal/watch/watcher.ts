/** Watches one task for all its followers: each change is read once. @module */
import { isMcpTasksError } from '../../task/errors.js';
import type { Task } from '../../task/task.js';
import type { TaskReader, View as RunView } from '../read/read.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { broader, type Cause, type Follower, type View } from './follower.js';
import { looksUntilDue, nextLook } from './pace.js';
import type { PollBudget } from './poll-budget.js';
import type { Place, ReadQueue, Urgency } from './read-queue.js';
import { HistoryTail } from './tail.js';

/** How long to wait before retrying a read that failed because Temporal or a codec was unavailable, in milliseconds. */
const AWAY = 1_000;

/** What the watchers of a process share. */
export interface Shared {
  readonly calls: Calls;
  readonly reader: TaskReader;
  readonly budget: PollBudget;
  readonly queue: ReadQueue;
  /** How many watchers there are of an owner's tasks. */
  readonly followed: (owner: string) => number;
}

export class Watcher {
  readonly #followers = new Set<Follower>();
  readonly #tail: HistoryTail;
  #ended = false;
  /** Why the task must be read, if it must. */
  #due: Cause | undefined;
  /** Why the last read was made, if it failed. */
  #owed: Cause | undefined;
  #place: Place | undefined;
  #reading = false;
  #latest: Task | undefined;
  #text: string | undefined;
  /** When the task last changed, in milliseconds since 1970. */
  #changedAt = 0;
  /** How often a read was considered since the last one. */
  #looks = 0;
  #look: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(
    private readonly shared: Shared,
    private readonly owner: string,
    private readonly id: string,
    private readonly gone: () => void,
  ) {
    const { calls, budget } = shared;
    // Follow first, then read: a change in between causes another read.
    this.#tail = new HistoryTail({
      calls,
      budget,
      workflowId: id,
      owner,
      listener: (cause) => this.#ring(cause, 'soon'),
    });
    this.#lookLater();
  }

  /** Reads the task for this follower, and shows it each change that it follows until the task ends or it leaves. */
  add(follower: Follower): void {
    this.#followers.add(follower);
    this.#ring('progress', 'soon');
  }

  /** The last one to leave ends the watcher. */
  remove(follower: Follower): void {
    if (this.#followers.delete(follower) && this.#followers.size === 0) this.#end();
  }

  /** Ends the watcher, and its followers with this error. */
  fail(error: unknown): void {
    for (const follower of this.#followers) follower.fail(error);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.gone();
    this.#tail.stop();
    this.#place?.leave();
    clearTimeout(this.#look);
    clearTimeout(this.#again);
  }

  #ring(cause: Cause, urgency: Urgency): void {
    if (this.#ended) return;
    this.#due = broader(this.#due, cause);
    if (this.#reading) return;
    if (!this.#place) this.#place = this.shared.queue.enter(this.owner, urgency, async () => await this.#read());
    else if (urgency === 'soon') this.#place.hasten();
  }

  async #read(): Promise<void> {
    const cause = broader(this.#owed, this.#due ?? 'progress');
    this.#due = undefined;
    this.#owed = undefined;
    this.#place = undefined;
    this.#reading = true;
    this.#looks = 0;
    clearTimeout(this.#again);
    // Followers that join later get a later read, so that none sees the task as it was before it joined.
    let served = [...this.#followers];
    try {
      const view = await this.shared.reader.readRun(this.id, within(DEADLINE.list));
      if (this.#ended) return;
      served = this.#showView(
        view,
        served.filter((follower) => follower.accepts(cause, view.task)),
      );
      if (served.length > 0) {
        const task = await this.shared.reader.withPastReports(view, within(DEADLINE.list));
        this.#show(served, { task, text: JSON.stringify(task) });
      }
    } catch (error) {
      this.#failed(served, cause, error);
    } finally {
      this.#reading = false;
      if (this.#due) this.#ring(this.#due, 'soon');
    }
  }

  /** Shows the view to the followers that don't want progress, and returns those that do. */
  #showView({ task, lookAgainAt }: RunView, followers: readonly Follower[]): Follower[] {
    const text = JSON.stringify(task);
    if (text !== this.#text) this.#changedAt = this.#text === undefined ? task.updatedAt : Date.now();
    this.#text = text;
    this.#latest = task;
    // A query got no answer in time, and the history will not say when there is one.
    if (lookAgainAt !== undefined) this.#again = setTimeout(() => this.#lookAgain(), lookAgainAt - Date.now());
    const wanting: Follower[] = [];
    const others: Follower[] = [];
    for (const follower of followers) (follower.wantsProgress(task) ? wanting : others).push(follower);
    this.#show(others, { task, text });
    return wanting;
  }

  #show(followers: readonly Follower[], view: View): void {
    for (const follower of followers) {
      follower.show(view);
      if (view.task.outcome) this.remove(follower);
    }
  }

  /** If Temporal is unavailable, only the next view is delayed. Any other error ends the followers. */
  #failed(followers: readonly Follower[], cause: Cause, error: unknown): void {
    const away = isMcpTasksError(error, 'TEMPORAL_UNAVAILABLE') || isMcpTasksError(error, 'CODEC_FAILED');
    for (const follower of followers) {
      if (away && !(follower.waits && follower.impatient)) continue;
      follower.fail(error);
      this.remove(follower);
    }
    if (!away || this.#ended) return;
    this.#owed = cause;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#ring(cause, 'later'), AWAY);
  }

  #lookAgain(): void {
    if ([...this.#followers].some(({ wantsNews }) => wantsNews)) this.#ring('news', 'later');
  }

  #lookLater(): void {
    this.#look = setTimeout(() => {
      this.#lookNow();
      this.#lookLater();
    }, nextLook());
  }

  /** Reads the task if it may have changed without its history showing that. */
  #lookNow(): void {
    const task = this.#latest;
    this.#looks++;
    if (!task) return;
    const progress = [...this.#followers].some((follower) => follower.wantsProgress(task));
    const { blind } = this.#tail;
    if (!progress && !blind) return;
    const followed = this.shared.followed(this.owner);
    const due = looksUntilDue({ quiet: Date.now() - this.#changedAt, progress, followed });
    if (this.#looks >= due) this.#ring(blind ? 'ending' : 'progress', 'later');
  }
}
