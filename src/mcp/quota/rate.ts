/**
 * Limits how often something happens, for each of many keys: a token bucket that is full at first. It keeps one number
 * per key, the time at which the bucket would be full again (the generic cell rate algorithm).
 * @module
 */
import { LRUCache } from 'lru-cache';

/** How many keys are remembered. The bucket of a forgotten key is full again. */
const MOST_KEYS = 10_000;

export interface RateOptions {
  /** `Infinity` for no limit. */
  readonly perSecond: number;
  /** The size of the bucket: how often it may happen at once. */
  readonly burst: number;
}

export class Rate {
  /** When each key's bucket is full again, in milliseconds. */
  readonly #full = new LRUCache<string, number>({ max: MOST_KEYS });

  /** Returns how long to wait until the key's bucket has a token, in milliseconds; 0 if it has one now. */
  wait(key: string, rate: RateOptions, now: number): number {
    const interval = intervalOf(rate);
    return Math.max(0, Math.ceil(this.#fullAt(key, now) + interval - now - interval * rate.burst));
  }

  /** Takes a token. Call it only if there is nothing to wait for. */
  take(key: string, rate: RateOptions, now: number): void {
    this.#full.set(key, this.#fullAt(key, now) + intervalOf(rate));
  }

  /** Puts a token back. */
  giveBack(key: string, rate: RateOptions): void {
    const full = this.#full.get(key);
    if (full !== undefined) this.#full.set(key, full - intervalOf(rate));
  }

  #fullAt(key: string, now: number): number {
    return Math.max(now, this.#full.get(key) ?? now);
  }
}

/** How long a bucket needs for one token, in milliseconds. */
function intervalOf({ perSecond }: RateOptions): number {
  return 1_000 / perSecond;
}
