/** Releases resources in the reverse of the order in which they were acquired. @module */

export class Owned {
  readonly #releases: (() => Promise<void>)[] = [];

  /** Whether there is nothing to release, or everything has been released. */
  get isEmpty(): boolean {
    return this.#releases.length === 0;
  }

  add(release: () => Promise<void>): void {
    this.#releases.push(release);
  }

  /** @throws AggregateError if some of them could not be released */
  async release(): Promise<void> {
    const failures: unknown[] = [];
    // Release each one even if others fail: a database left running is worse than an error.
    for (const release of this.#releases.splice(0).reverse())
      await release().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  }
}
