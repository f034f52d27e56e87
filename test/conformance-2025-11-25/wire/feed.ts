/** What arrives bit by bit, to be looked at and waited for. @module */
import { Failed } from '../suite/verdict.js';

export class Feed<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();
  #end: string | undefined;

  push(item: T): void {
    this.items.push(item);
    this.#wake();
  }

  /** Nothing more will come; `why` is what those who wait are told. */
  close(why: string): void {
    this.#end ??= why;
    this.#wake();
  }

  /**
   * The first item that is wanted, now or when it arrives.
   *
   * @throws Failed once nothing more will come
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
