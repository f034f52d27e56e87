/**
 * The claim to ask a task's client a question or send it progress. The task's workflow grants it to one server process
 * at a time.
 * @module
 */
import type { Logger } from '../../local/log.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { ClaimAnswer } from '../../temporal/answer/respond.js';
import type { TaskEngine } from '../../temporal/namespaces.js';

/**
 * How long a claim lasts, in milliseconds. It is renewed halfway through, each time for twice as long: a workflow takes
 * 2,000 updates in all, and a person may take days.
 */
const FIRST = 120_000;
const LONGEST = 2 * 60 * 60_000;

export interface ClaimOptions {
  readonly engine: TaskEngine;
  readonly logger: Logger;
  readonly owner: string;
  readonly taskId: string;
  /** What is claimed: a question's key, or `PROGRESS_CLAIM`. */
  readonly key: string;
  /** Identifies the claimant: the same for all claims of one follower. */
  readonly claimant: string;
}

export class Claim {
  #wanted = false;
  #held = false;
  #renewal: NodeJS.Timeout | undefined;

  constructor(private readonly options: ClaimOptions) {}

  /** Claims and keeps renewing until released. */
  async take(): Promise<ClaimAnswer> {
    this.#wanted = true;
    if (this.#held) return 'granted';
    const answer = await this.#claim(FIRST);
    if (answer !== 'granted') return answer;
    // It may have been given up while the workflow was granting it.
    if (this.#wanted) this.#hold(FIRST);
    else await this.#claim(0);
    return this.#held ? 'granted' : 'refused';
  }

  /** Gives the claim up for others to take. If that fails, the claim runs out by itself. */
  async release(): Promise<void> {
    const held = this.#held;
    this.leave();
    if (held) await this.#claim(0);
  }

  /** Stops renewing, so that others can claim once the current claim runs out. */
  leave(): void {
    this.#wanted = false;
    this.#held = false;
    clearTimeout(this.#renewal);
  }

  #hold(ms: number): void {
    this.#held = true;
    this.#renewal = setTimeout(() => void this.#renew(Math.min(2 * ms, LONGEST)), ms / 2);
  }

  async #renew(ms: number): Promise<void> {
    const renewed = (await this.#claim(ms)) === 'granted';
    // If it has been given up meanwhile, the renewal may have reached the workflow after the release.
    if (!this.#wanted) await (renewed ? this.#claim(0) : undefined);
    else if (renewed) this.#hold(ms);
    else this.#held = false;
  }

  async #claim(ms: number): Promise<ClaimAnswer> {
    const { engine, logger, owner, taskId, key, claimant } = this.options;
    try {
      return await engine.claim(owner, taskId, { key, claimant, ms });
    } catch (error) {
      if (!isMcpTasksError(error)) logger.error({ taskId, err: error }, 'claim failed');
      return 'refused';
    }
  }
}
