/**
 * The claim on telling a task's client of something, which the task's workflow gives to one server process at a time.
 * @module
 */
import type { Logger } from '../../local/log.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { TaskEngine } from '../../temporal/namespaces.js';

/**
 * How long a claim lasts, in milliseconds. It is renewed half way, and then lasts twice as long: a workflow takes 2,000
 * updates in all, and a person may take days.
 */
const FIRST = 120_000;
const LONGEST = 2 * 60 * 60_000;

export interface LeaseOptions {
  readonly engine: TaskEngine;
  readonly logger: Logger;
  readonly owner: string;
  readonly taskId: string;
  /** What is claimed: a question's key, or `PROGRESS_CLAIM`. */
  readonly key: string;
  /** Identifies the claimant: the same for all claims of one follower. */
  readonly claimant: string;
}

export class Lease {
  #held = false;
  #renewal: NodeJS.Timeout | undefined;

  constructor(private readonly options: LeaseOptions) {}

  /** Claims and keeps renewing until released. Returns whether this process holds the claim. */
  async take(): Promise<boolean> {
    if (this.#held) return true;
    this.#held = await this.#claim(FIRST);
    if (this.#held) this.#renewAfter(FIRST);
    return this.#held;
  }

  /** Gives the claim up for others to take. If that fails, the claim runs out by itself. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.leave();
    await this.#claim(0);
  }

  /** Stops renewing, so that others can claim once the current lease runs out. */
  leave(): void {
    this.#held = false;
    clearTimeout(this.#renewal);
  }

  #renewAfter(lease: number): void {
    this.#renewal = setTimeout(() => void this.#renew(Math.min(2 * lease, LONGEST)), lease / 2);
  }

  async #renew(lease: number): Promise<void> {
    await this.#claim(lease);
    if (this.#held) this.#renewAfter(lease);
  }

  async #claim(lease: number): Promise<boolean> {
    const { engine, logger, owner, taskId, key, claimant } = this.options;
    try {
      return await engine.claim(owner, taskId, { key, claimant, lease });
    } catch (error) {
      if (!isMcpTasksError(error)) logger.error({ taskId, err: error }, 'a claim could not be made');
      return false;
    }
  }
}
