/** What was acquired one after the other, to be let go of in reverse. @module */

export class Owned {
  readonly #releases: (() => Promise<void>)[] = [];

  /** Whether there is nothing to let go of, or it has been. */
  get isEmpty(): boolean {
    return this.#releases.length === 0;
  }

  add(release: () => Promise<void>): void {
    this.#releases.push(release);
  }

  /** @throws AggregateError of what could not be let go of */
  async release(): Promise<void> {
    const failures: unknown[] = [];
    // Each of them, whatever becomes of the others: a database that is left behind is worse than an error.
    for (const release of this.#releases.splice(0).reverse())
      await release().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  }
}
