/** Counts how much owners hold of something that is limited for each owner and for all of them together. @module */
import type { Bound } from './limits.js';

/** A limit that has been reached. */
export interface Exceeded {
  /** Whether it is the limit for each owner, or for all of this process. */
  readonly scope: 'owner' | 'process';
  readonly allowed: number;
}

export class SharedCount {
  readonly #held = new Map<string, number>();
  #total = 0;

  /**
   * Takes an amount for an owner, unless a limit has been reached. The last amount may go beyond the limit, so a single
   * amount above it is possible.
   * @returns the limit that has been reached, if one has
   */
  take(owner: string, bound: Bound, amount = 1): Exceeded | undefined {
    const exceeded = this.exceeded(owner, bound);
    if (!exceeded) this.add(owner, amount);
    return exceeded;
  }

  /** Returns the limit that has been reached, if one has. */
  exceeded(owner: string, bound: Bound): Exceeded | undefined {
    if ((this.#held.get(owner) ?? 0) >= bound.owner) return { scope: 'owner', allowed: bound.owner };
    return this.#total >= bound.process ? { scope: 'process', allowed: bound.process } : undefined;
  }

  /** Takes an amount, whatever the limits. */
  add(owner: string, amount: number): void {
    if (amount === 0) return;
    this.#total += amount;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + amount);
  }

  give(owner: string, amount = 1): void {
    this.#total -= amount;
    const left = (this.#held.get(owner) ?? 0) - amount;
    if (left > 0) this.#held.set(owner, left);
    else this.#held.delete(owner);
  }
}
