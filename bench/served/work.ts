/** What the measured tools and activities do: the same for every contestant. @module */
import { setTimeout as delay } from 'node:timers/promises';
import { monotonic } from '../harness/samples.js';

export interface WaitArgs {
  /** How long to wait, in milliseconds. */
  readonly ms: number;
}

export interface Work {
  echo(): Promise<{ ended: number }>;
  wait(args: WaitArgs, signal?: AbortSignal): Promise<{ ended: number }>;
}

/** Each returns when it ended, by the clock that all processes share. */
export const work: Work = {
  echo: async () => await Promise.resolve({ ended: monotonic() }),
  wait: async ({ ms }, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
    return { ended: monotonic() };
  },
};
