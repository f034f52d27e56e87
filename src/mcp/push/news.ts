/**
 * Sends a task's status and progress, each message on one stream.
 * @module
 */
import { newReports, type Task } from '../../task/task.js';
import type { Status } from '../../protocol/task.js';
import type { TaskView, UnsolicitedMessages } from '../../protocol/version.js';
import type { TakeAnswer } from './claim.js';
import type { ClaimUse } from './claims.js';
import { carry, type Carrier } from './questions.js';

/** How long to wait after a claim that was not granted before trying again, in milliseconds. */
const ASK_AGAIN = 3_000;

export interface NewsOptions {
  /** Returns a task's status in the version of the streams' clients. */
  readonly status: TaskView['status'];
  readonly unsolicited: UnsolicitedMessages;
  /** In milliseconds. */
  readonly pollInterval: number;
  /** The claim to send progress; needed for sessions, which may also have a stream at another process. */
  readonly progressClaim: ClaimUse;
  /** The status in which the client last saw the task. */
  readonly known: Status | undefined;
  /** The progress that the client was last sent; `undefined` if this process does not know. */
  readonly told: number | undefined;
}

export class News {
  #status: string | undefined;
  #progress: number | undefined;
  /** The last answer to the claim, and when to claim again, in milliseconds since 1970. */
  #claimed: TakeAnswer = 'unanswered';
  #claimAgainAt = 0;

  constructor(private readonly options: NewsOptions) {
    const { known, told } = options;
    this.#progress = told;
    this.#status = known;
  }

  async tell(task: Task, carriers: readonly Carrier[]): Promise<void> {
    const { unsolicited, pollInterval } = this.options;
    const status = this.options.status(task);
    await this.#tellProgress(
      task,
      carriers.filter(({ stream }) => stream.session === task.caller?.session),
    );
    if (task.outcome) this.options.progressClaim.forget();
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

  /**
   * Sends the task's new progress reports. Throughout the task's life, progress must increase from one notification to
   * the next.
   */
  async #tellProgress(task: Task, callers: readonly Carrier[]): Promise<void> {
    const { unsolicited, progressClaim } = this.options;
    if (callers.length === 0) progressClaim.release();
    if (task.caller?.progressToken === undefined) return;
    // Progress made before this process first looked may already have been sent by another one.
    this.#progress ??= newReports(task, -Infinity).at(-1)?.progress ?? -Infinity;
    const reports = newReports(task, this.#progress);
    if (reports.length === 0) return;
    const answer = callers.length === 0 ? 'refused' : await this.#claim(task, callers);
    // If the claim was not answered, no process sends them.
    if (answer !== 'granted' && answer !== 'refused') return;
    this.#progress = reports.at(-1)?.progress;
    if (answer === 'granted')
      for (const report of reports) await carry(callers, () => unsolicited.progress(task, report));
  }

  /** Claims the progress. `refused`: another process sends it. */
  async #claim({ caller, outcome }: Task, callers: readonly Carrier[]): Promise<TakeAnswer> {
    const { progressClaim, told } = this.options;
    if (caller?.session === undefined) return 'granted';
    if (!outcome && Date.now() < this.#claimAgainAt) return this.#claimed;
    this.#claimed = await progressClaim.take();
    if (this.#claimed === 'granted') return 'granted';
    this.#claimAgainAt = Date.now() + ASK_AGAIN;
    if (!outcome || this.#claimed === 'refused') return this.#claimed;
    // The workflow of an ended task grants nothing, and another process may hold the claim.
    return told !== undefined || callers.some(({ stream }) => !stream.shared) ? 'granted' : this.#claimed;
  }
}
