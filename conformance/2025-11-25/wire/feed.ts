/** A list of items that arrive over time. Callers can inspect it and wait for items. @module */
import { Failed } from '../suite/verdict.js';

export class Feed<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();
  #end: string | undefined;

  push(item: T): void {
    this.items.push(item);
    this.#wake();
  }

  /** Ends the feed. Every `find` that does not find its item then fails with the message `why`. */
  close(why: string): void {
    this.#end ??= why;
    this.#wake();
  }

  /**
   * Returns the first item that matches `wanted`, waiting for it if necessary.
   *
   * @throws Failed if the feed ends without it
   */
  async find(wanted: (item: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.items.find(wanted);
      if (found !== undefined) return found;
      if (this.#end !== undefined) throw new Failed(this.#end);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
