/**
 * Sends a task's `notifications/tasks/status` and `notifications/progress` (protocol 2025-11-25), each message on one
 * stream.
 * @module
 */
import type { Progress } from '../../task/progress.js';
import { currentProgress, type Task } from '../../task/task.js';
import { status2025, task2025, relatedTask } from '../../wire/v2025.js';
import type { Lease } from './lease.js';
import { carry, type Carrier } from './questions.js';
import type { ServerMessage } from '../request/stream.js';

/** How long to wait after a refused claim before trying again, in milliseconds. */
const ASK_AGAIN = 3_000;

export class News {
  #status: string | undefined;
  #progress: number | undefined;
  #refusedUntil = 0;

  /**
   * @param progressClaim the claim to send progress; needed for sessions, which may also have a stream at another
   * process
   * @param known the task as the client last saw it
   */
  constructor(
    private readonly pollInterval: number,
    private readonly progressClaim: Lease,
    known: Task | undefined,
  ) {
    if (!known) return;
    this.#status = status2025(known);
    this.#progress = currentProgress(known)?.progress ?? -Infinity;
  }

  async tell(task: Task, carriers: readonly Carrier[]): Promise<void> {
    const status = status2025(task);
    const progress = this.#newProgress(task);
    const callers = carriers.filter(({ stream }) => stream.session === task.caller?.session);
    if (callers.length === 0) await this.progressClaim.release();
    else if (progress && (await this.#mayTell(task))) await carry(callers, () => progressMessage(task, progress));
    const changed = this.#status !== undefined && this.#status !== status;
    this.#status = status;
    // Skip the stream of a `tasks/result`: the session may have a stream at another process, and would get the status
    // twice.
    const told = carriers.filter(({ stream }) => stream.kind === 'session');
    if (changed)
      await carry(told, () => ({
        jsonrpc: '2.0',
        method: 'notifications/tasks/status',
        params: task2025(task, this.pollInterval),
      }));
  }

  close(): void {
    void this.progressClaim.release();
  }

  async #mayTell({ caller }: Task): Promise<boolean> {
    if (caller?.session === undefined) return true;
    if (Date.now() < this.#refusedUntil) return false;
    const mine = await this.progressClaim.take();
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

function progressMessage({ id, caller }: Task, progress: Progress): ServerMessage {
  return {
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: caller?.progressToken, ...progress, _meta: relatedTask(id) },
  };
}
