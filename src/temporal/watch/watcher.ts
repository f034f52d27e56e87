/** Watches one task for all its followers: each change is read once. @module */
import { isMcpTasksError } from '../../task/errors.js';
import type { TaskReader, View as RunView } from '../read/read.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { StartedTask, StartedTasks } from '../start/started-tasks.js';
import { closingOf, type ClosedRun } from './closed-run.js';
import type { Clock } from '../../local/clock.js';
import type { ClosedSince } from './closed-since.js';
import { broader, type Cause, type Follower, type View } from './follower.js';
import { looksUntilDue } from './pace.js';
import type { PollBudget } from './poll-budget.js';
import type { Place, ReadQueue, Urgency } from './read-queue.js';
import { HistoryTail, type ObservedClosing, type Tick } from './tail.js';

/** How long to wait before retrying a read that failed because Temporal or a codec was unavailable, in milliseconds. */
const AWAY = 1_000;
/** After a look at a task that no follower needs read, how many looks are left out: thousands may need none. */
const REST = 2;
/**
 * The length of a function tool's history if nothing happened but its step, as a normal or as a local activity. A
 * request to cancel it would add an event.
 */
const SHORTEST_HISTORY = { normal: 11, short: 6 };

/** What the watchers of a process share. */
export interface Shared {
  readonly calls: Calls;
  readonly reader: TaskReader;
  readonly budget: PollBudget;
  readonly closed: ClosedSince;
  readonly queue: ReadQueue;
  readonly clock: Clock;
  readonly started: StartedTasks;
  /** How many watchers there are of an owner's tasks. */
  readonly followed: (owner: string) => number;
}

export class Watcher {
  readonly #followers = new Set<Follower>();
  #tail: HistoryTail | undefined;
  #ended = false;
  /** Why the task must be read, if it must. */
  #due: Cause | undefined;
  /** Why the last read was made, if it failed. */
  #owed: Cause | undefined;
  #place: Place | undefined;
  #reading = false;
  /** How many reads have begun, and the newest one that has been shown. */
  #reads = 0;
  #shown = 0;
  /** The task as it was last seen. */
  #seen: StartedTask | undefined;
  /** The tail's position when the last read began: since then, the tail has seen everything that happened. */
  #readAt = 0;
  #closing: ObservedClosing | undefined;
  #closed: ClosedRun | undefined;
  #text: string | undefined;
  /** When the task last changed, in milliseconds since 1970. */
  #changedAt = 0;
  /** How often a read was considered since the last one. */
  #looks = 0;
  /** How many looks are left out, because none was needed. */
  #rest = 0;
  readonly #stopLooking: () => void;
  #again: NodeJS.Timeout | undefined;

  constructor(
    private readonly shared: Shared,
    private readonly owner: string,
    private readonly id: string,
    private readonly gone: () => void,
  ) {
    this.#stopLooking = shared.clock.add(() => this.#lookNow());
  }

  /** Reads the task for this follower, and shows it each change that it follows until the task ends or it leaves. */
  add(follower: Follower): void {
    this.#followers.add(follower);
    const started = this.#tail ? undefined : this.shared.started.get(this.id);
    // There is nothing to read before the end. Without a long poll, only reads show it.
    if (started && follower.wants(started.task) === 'ending' && !this.#follow(started).blind) return;
    if (this.#seen && follower.wants(this.#seen.task) !== 'ending') this.#tail?.hurry();
    this.#ring('progress', 'soon');
  }

  /** Reads the task because it may have ended. */
  look(): void {
    this.#ring('ending', 'soon');
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
    this.#tail?.stop();
    this.#place?.leave();
    this.#stopLooking();
    clearTimeout(this.#again);
  }

  /**
   * Follows the task's history from now on. Whatever happens after the task was in state `seen` causes another read.
   */
  #follow(seen: StartedTask): HistoryTail {
    this.#seen = seen;
    // A task that was not read yet counts as new, not as one that has not changed since 1970.
    this.#changedAt ||= seen.task.updatedAt;
    const { calls, budget, closed } = this.shared;
    return (this.#tail ??= new HistoryTail({
      calls,
      budget,
      closed,
      workflowId: this.id,
      runId: seen.runId,
      owner: this.owner,
      onlyEnd: () => !this.#needs('news'),
      isLoose: () => !this.#isClose(),
      listener: (tick) => this.#hear(tick),
    }));
  }

  /** Returns whether `cause` is a reason to read the task for any follower. */
  #needs(cause: Cause): boolean {
    const task = this.#seen?.task;
    return !task || this.#has((follower) => follower.needs(cause, task));
  }

  /** Returns whether any follower needs more than the end. */
  #isClose(): boolean {
    const task = this.#seen?.task;
    return !task || this.#has((follower) => follower.isClose(task));
  }

  /** Returns whether `fits` is true for any follower. A clock asks this of thousands of watchers every second. */
  #has(fits: (follower: Follower) => boolean): boolean {
    for (const follower of this.#followers) if (fits(follower)) return true;
    return false;
  }

  #hear({ cause, closing, closed, inTurn }: Tick): void {
    if (closing) this.#closing = closing;
    if (closed) this.#closed = closed;
    if (this.#needs(cause)) this.#ring(cause, inTurn ? 'later' : 'soon');
  }

  #ring(cause: Cause, urgency: Urgency): void {
    if (this.#ended) return;
    this.#due = broader(this.#due, cause);
    // A read that waits for a worker must not hold up the end.
    if (this.#reading && !this.#closing) return;
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
      const position = this.#tail?.position ?? 0;
      const turn = ++this.#reads;
      const view = await this.#view();
      if (this.#ended || turn < this.#shown) return;
      this.#shown = turn;
      this.#readAt = position;
      // If an operator resets the ended run, the task goes on in another one.
      if (view.task.outcome) this.shared.started.delete(this.id);
      else this.#follow(view);
      served = this.#showView(
        view,
        served.filter((follower) => follower.accepts(cause, view.task)),
      );
      if (served.length > 0) {
        const task = await this.shared.reader.withPastReports(view, within(DEADLINE.list));
        if (turn < this.#shown) return;
        this.#show(served, { task, text: JSON.stringify(task) });
      }
    } catch (error) {
      this.#failed(served, cause, error);
    } finally {
      this.#reading = false;
      if (this.#due) this.#ring(this.#due, 'soon');
    }
  }

  /** Takes the task's end from its closing event if that is enough, and otherwise reads the task. */
  async #view(): Promise<RunView> {
    const { reader } = this.shared;
    const closing = this.#closing;
    this.#closing = undefined;
    const end =
      closing && this.#seen && this.#knowsAllBefore(closing)
        ? await reader.end(this.#seen, closing, within(DEADLINE.list))
        : await this.#endOfShort();
    return end ?? (await reader.readRun(this.id, within(DEADLINE.list), { closing, frugal: !this.#needs('progress') }));
  }

  /**
   * Returns how the task ended, if the short history of the run that it was last read in is enough. That run may have
   * ended, and been reset, before a follower came that has seen nothing yet: it needs the task as it is now.
   */
  async #endOfShort(): Promise<RunView | undefined> {
    const closed = this.#closed;
    this.#closed = undefined;
    if (!closed || !this.#seen || closed.runId !== this.#seen.runId) return undefined;
    if (this.#shown === 0 || this.#has(({ waits }) => waits)) return undefined;
    const { calls, reader } = this.shared;
    const until = within(DEADLINE.list);
    const closing = await closingOf(calls, this.id, closed, until).catch(() => undefined);
    return closing && (await reader.end(this.#seen, closing, until));
  }

  /** Returns whether it is certain that nobody asked to cancel the task before this event. */
  #knowsAllBefore({ since, runId, event }: ObservedClosing): boolean {
    if (runId !== this.#seen?.runId) return false;
    if (since > 0) return since === this.#readAt;
    const { silent, short } = this.#seen.task;
    return silent === true && Number(event.eventId) === SHORTEST_HISTORY[short ? 'short' : 'normal'];
  }

  /** Shows the view to the followers that don't want progress, and returns those that do. */
  #showView({ task, lookAgainAt, late }: RunView, followers: readonly Follower[]): Follower[] {
    const text = JSON.stringify(task);
    if (text !== this.#text) this.#changedAt = this.#text === undefined ? task.updatedAt : Date.now();
    this.#text = text;
    // The history doesn't show when an answer arrives to a query that got none, or none in time.
    if (lookAgainAt !== undefined) this.#again = setTimeout(() => this.#lookAgain(), lookAgainAt - Date.now());
    const reads = this.#reads;
    // A later read waits for the query itself.
    void late?.then(() => this.#reads === reads && this.#lookAgain());
    const wanting: Follower[] = [];
    const others: Follower[] = [];
    for (const follower of followers) (follower.wants(task) === 'progress' ? wanting : others).push(follower);
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
    if (this.#needs('news')) this.#ring('news', 'later');
  }

  /** Reads the task if it may have changed without its history showing that. */
  #lookNow(): void {
    this.#looks++;
    if (this.#rest-- > 0 || !this.#seen || !this.#tail) return;
    this.#tail.seek();
    const progress = this.#needs('progress');
    const { blind } = this.#tail;
    const unseen = blind && (!this.shared.closed.covers || this.#isClose());
    if (!progress && !unseen) {
      this.#rest = REST;
      return;
    }
    const followed = this.shared.followed(this.owner);
    const due = looksUntilDue({ quiet: Date.now() - this.#changedAt, progress, followed });
    if (this.#looks >= due) this.#ring(blind ? 'ending' : 'progress', 'later');
  }
}
