/** Finds out how long Temporal keeps closed workflows: a task's ttl can't be longer. @module */
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import { optionalTsToMs } from '../seam.js';

/** How long the answer is used before it is refreshed, in milliseconds. */
const FRESH = 10 * 60_000;
/** The same if Temporal does not answer or denies the request. */
const RETRY = 60_000;

export class Retention {
  #retention: number | undefined;
  #refreshAt = 0;
  #first: Promise<void> | undefined;

  constructor(private readonly calls: Calls) {}

  /**
   * Returns the namespace's retention in milliseconds; `undefined` if it is unknown, because this server may not read
   * it or Temporal does not answer. Only the first calls wait for Temporal; later ones get the last answer.
   */
  async get(until: number): Promise<number | undefined> {
    if (!this.#first) this.#first = this.#refresh(Math.min(until, within(DEADLINE.query)));
    else if (Date.now() >= this.#refreshAt) void this.#refresh(within(DEADLINE.read));
    await this.#first;
    return this.#retention;
  }

  async #refresh(until: number): Promise<void> {
    const { client } = this.calls;
    const { namespace } = client.options;
    this.#refreshAt = Date.now() + RETRY;
    try {
      const { config } = await this.calls.once(
        until,
        async () => await client.workflowService.describeNamespace({ namespace }),
      );
      this.#retention = optionalTsToMs(config?.workflowExecutionRetentionTtl) || undefined;
      this.#refreshAt = Date.now() + FRESH;
    } catch {
      // Starting a task does not depend on it. Keep using the last answer, if any.
    }
  }
}
