/**
 * Sends a task's status and progress, each message on one stream.
 * @module
 */
import type { Progress } from '../../task/progress.js';
import { currentProgress, type Task } from '../../task/task.js';
import type { TaskView, UnsolicitedMessages } from '../../protocol/version.js';
import type { ClaimUse } from './claims.js';
import { carry, type Carrier } from './questions.js';

/** How long to wait after a refused claim before trying again, in milliseconds. */
const ASK_AGAIN = 3_000;

export interface NewsOptions {
  /** Returns a task's status in the version of the streams' clients. */
  readonly status: TaskView['status'];
  readonly unsolicited: UnsolicitedMessages;
  /** In milliseconds. */
  readonly pollInterval: number;
  /** The claim to send progress; needed for sessions, which may also have a stream at another process. */
  readonly progressClaim: ClaimUse;
  /** The task as the client last saw it. */
  readonly known: Task | undefined;
}

export class News {
  #status: string | undefined;
  #progress: number | undefined;
  #refusedUntil = 0;

  constructor(private readonly options: NewsOptions) {
    const { known } = options;
    if (!known) return;
    this.#status = options.status(known);
    this.#progress = currentProgress(known)?.progress ?? -Infinity;
  }

  async tell(task: Task, carriers: readonly Carrier[]): Promise<void> {
    const { unsolicited, pollInterval, progressClaim } = this.options;
    const status = this.options.status(task);
    const progress = this.#newProgress(task);
    const callers = carriers.filter(({ stream }) => stream.session === task.caller?.session);
    if (task.outcome) progressClaim.forget();
    else if (callers.length === 0) progressClaim.release();
    else if (progress && (await this.#mayTell(task))) await carry(callers, () => unsolicited.progress(task, progress));
    const changed = this.#status !== undefined && this.#status !== status;
    this.#status = status;
    // Skip the stream of a `tasks/result`: the session may have a stream at another process, and would get the status
    // twice.
    const told = carriers.filter(({ stream }) => stream.kind === 'session');
    if (changed) await carry(told, () => unsolicited.status(task, pollInterval));
  }

  close(): void {
    this.options.progressClaim.release();
  }

  async #mayTell({ caller }: Task): Promise<boolean> {
    if (caller?.session === undefined) return true;
    if (Date.now() < this.#refusedUntil) return false;
    const mine = (await this.options.progressClaim.take()) === 'granted';
    if (!mine) this.#refusedUntil = Date.now() + ASK_AGAIN;
    return mine;
  }

  /**
   * Returns the task's progress if it should be sent. Throughout the task's life, progress must increase from one
   * notification to the next; it stops when the task ends.
   */
  #newProgress(task: Task): Progress | undefined {
    const progress = currentProgress(task);
    if (task.caller?.progressToken === undefined || task.outcome) return undefined;
    // Progress made before this process first looked may already have been sent by another one.
    const told = this.#progress ?? progress?.progress ?? -Infinity;
    this.#progress = Math.max(told, progress?.progress ?? told);
    return progress && progress.progress > told ? progress : undefined;
  }
}
