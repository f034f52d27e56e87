/**
 * This process's claim to ask a task's client a question or send it progress. The task's workflow grants it to one
 * process at a time.
 *
 * A workflow accepts 2,000 updates in all, and each granted claim is one of them. So a claim outlives the streams that
 * it was made for: a client that reconnects to this process needs no new one. If no client returns, a signal releases
 * the claim, so that the question can go to a stream at another process.
 * @module
 */
import type { Logger } from '../../local/log.js';
import { isMcpTasksError } from '../../task/errors.js';
import type { ClaimAnswer } from '../../temporal/answer/respond.js';
import type { TaskEngine } from '../../temporal/namespaces.js';

/**
 * How long a claim lasts, in milliseconds. It is renewed halfway through, for twice as long each time, because a person
 * may take days.
 */
const FIRST = 120_000;
const LONGEST = 2 * 60 * 60_000;
/** How long to wait before retrying a renewal if Temporal or the worker is unavailable, in milliseconds. */
const RENEW_AGAIN = 5_000;
/**
 * How long an unused claim is kept before it is released, in milliseconds. It doubles each time: a client that keeps
 * moving between processes is served more slowly, but never uses up the workflow's updates.
 */
const KEPT = { first: 2_000, longest: 10 * 60_000 };

export interface ClaimOptions {
  readonly engine: Pick<TaskEngine, 'claim' | 'release'>;
  readonly logger: Logger;
  readonly owner: string;
  readonly taskId: string;
  /** What is claimed: a question's key, or `PROGRESS_CLAIM`. */
  readonly key: string;
  /** Identifies this process. */
  readonly claimant: string;
}

/**
 * The answer to an attempt to claim. `unanswered`: neither granted nor refused, because Temporal or the worker is
 * unavailable.
 */
export type TakeAnswer = ClaimAnswer | 'unanswered';

export class Claim {
  readonly #users = new Set<object>();
  /** The sessions that the workflow granted it for. */
  readonly #sessions = new Set<string | undefined>();
  /** The time until which this process certainly holds the claim, in milliseconds since 1970. */
  #until = 0;
  #ms = FIRST;
  #abandoned = false;
  #releases = 0;
  #renewal: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** The last message to the workflow: they are sent one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ClaimOptions) {}

  /**
   * Claims for `user`, and renews the claim while it has users.
   * @param session the session whose client will be asked
   */
  async take(user: object, session?: string): Promise<TakeAnswer> {
    this.#users.add(user);
    clearTimeout(this.#idle);
    const answer = await this.#inTurn(async () => await this.#take(session));
    // The user may have ended its use while the workflow was granting the claim.
    return answer === 'granted' && !this.#users.has(user) ? 'refused' : answer;
  }

  /** Ends the use by `user`. A claim without users is released after a while. */
  release(user: object): void {
    if (!this.#users.delete(user) || this.#users.size > 0) return;
    clearTimeout(this.#renewal);
    this.#releaseLater();
  }

  /** Lets the claim expire. Until then nobody else is asked, not even by this process. */
  abandon(): void {
    this.#abandoned = this.#isHeld();
    this.#stop();
  }

  /** Forgets the claim, because there is nothing left to claim. */
  forget(): void {
    this.#until = 0;
    this.#stop();
  }

  /** Releases the claim now, unless it is abandoned. If that fails, the claim expires. */
  async close(): Promise<void> {
    this.#stop();
    await this.#inTurn(async () => await this.#release());
  }

  #isHeld(): boolean {
    return Date.now() < this.#until;
  }

  #stop(): void {
    this.#users.clear();
    clearTimeout(this.#renewal);
    clearTimeout(this.#idle);
  }

  async #take(session: string | undefined): Promise<TakeAnswer> {
    const held = this.#isHeld();
    if (held && this.#abandoned) return 'refused';
    if (held && this.#sessions.has(session)) {
      this.#renewLater(this.#until - Date.now() - this.#ms / 2);
      return 'granted';
    }
    const answer = (await this.#claim(held ? this.#ms : FIRST, session)) ?? 'unanswered';
    if (answer !== 'granted') return answer;
    if (!held) this.#sessions.clear();
    this.#sessions.add(session);
    return answer;
  }

  #renewLater(ms: number): void {
    clearTimeout(this.#renewal);
    if (this.#users.size > 0)
      this.#renewal = setTimeout(() => void this.#inTurn(async () => await this.#renew()), Math.max(0, ms)).unref();
  }

  async #renew(): Promise<void> {
    if (this.#users.size === 0 || !this.#isHeld()) return;
    const [session] = this.#sessions;
    const answer = await this.#claim(Math.min(2 * this.#ms, LONGEST), session);
    if (answer === undefined) this.#renewLater(RENEW_AGAIN);
    else if (answer !== 'granted') this.#until = 0;
  }

  #releaseLater(): void {
    clearTimeout(this.#idle);
    const kept = Math.min(KEPT.first * 2 ** this.#releases, KEPT.longest);
    this.#idle = setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.#users.size === 0) await this.#release();
      });
    }, kept).unref();
  }

  async #release(): Promise<void> {
    if (!this.#isHeld() || this.#abandoned) return;
    const { engine, owner, taskId, key, claimant } = this.options;
    this.#until = 0;
    this.#releases += 1;
    await this.#logged(async () => await engine.release(owner, taskId, { key, claimant }));
  }

  /** Returns `undefined` if the workflow could not be asked. */
  async #claim(ms: number, session: string | undefined): Promise<ClaimAnswer | undefined> {
    const { engine, owner, taskId, key, claimant } = this.options;
    const from = Date.now();
    const request = { key, claimant, ms, ...(session === undefined ? {} : { session }) };
    const answer = await this.#logged(async () => await engine.claim(owner, taskId, request));
    if (answer !== 'granted') return answer;
    this.#until = from + ms;
    this.#ms = ms;
    this.#abandoned = false;
    if (this.#users.size > 0) this.#renewLater(ms / 2);
    else this.#releaseLater();
    return answer;
  }

  async #logged<T>(send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await send();
    } catch (error) {
      if (!isMcpTasksError(error))
        this.options.logger.error({ taskId: this.options.taskId, err: error }, 'claim failed');
      return undefined;
    }
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(run);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }
}
