/** Calls many functions at the same interval with a single timer, spread evenly over the interval. @module */

/** About how long a turn is, in milliseconds. Each function has one turn in every interval. */
const TURN = 100;

export class Clock {
  readonly #turns: readonly Set<() => void>[];
  #timer: NodeJS.Timeout | undefined;
  #size = 0;
  #turn = 0;
  #next = 0;

  /** @param every the interval, in milliseconds. 0: never */
  constructor(private readonly every: number) {
    const turns = every > 0 ? Math.max(1, Math.round(every / TURN)) : 0;
    this.#turns = Array.from({ length: turns }, () => new Set<() => void>());
  }

  /**
   * Calls a function in every interval, until the returned function is called.
   * @param call must not throw
   */
  add(call: () => void): () => void {
    const turn = this.#turns[this.#next++ % this.#turns.length];
    if (!turn) return () => undefined;
    turn.add(call);
    this.#size++;
    this.#timer ??= setInterval(() => this.#tick(), this.every / this.#turns.length);
    return () => {
      if (!turn.delete(call) || --this.#size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #tick(): void {
    this.#turn = (this.#turn + 1) % this.#turns.length;
    for (const call of this.#turns[this.#turn] ?? []) call();
  }
}
