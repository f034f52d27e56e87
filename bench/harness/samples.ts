/** Ways to take samples. @module */
import type { Values } from './figures.js';
import { quantile } from './statistics.js';

/** Returns the time that `run` takes, in milliseconds. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

/** Takes samples one after another. */
export async function samples(times: number, take: (number: number) => Promise<number>): Promise<number[]> {
  const taken: number[] = [];
  for (let number = 0; number < times; number++) taken.push(await take(number));
  return taken;
}

/**
 * Runs something many times, with a fixed number in progress.
 * @returns how many were done per second
 */
export async function rateOf(
  times: number,
  inFlight: number,
  run: (number: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const from = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < times) await run(next++);
    }),
  );
  return (1_000 * times) / (performance.now() - from);
}

export function spread(taken: readonly number[]): Values {
  return { p50: quantile(taken, 0.5), p95: quantile(taken, 0.95) };
}

/** Returns the time of the machine's monotonic clock, which all processes share, in milliseconds. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
