/** Lets the fuzzer ask a fuzzed process how it is. @module */

/** What a process reports about itself. */
export interface Vitals {
  /** The heap in use after a garbage collection, in bytes. */
  readonly heap: number;
  /** The names that somebody has added to `Object.prototype`. */
  readonly polluted: readonly string[];
  /** How many promises were rejected without anyone handling it. */
  readonly unhandled: number;
}

/** Answers every message of the parent process with the {@link Vitals}. Needs `--expose-gc`. */
export function reportVitals(): void {
  let unhandled = 0;
  process.on('unhandledRejection', (reason) => {
    unhandled += 1;
    process.stderr.write(`unhandled rejection: ${String(reason)}\n`);
  });
  process.on('message', () => {
    // Finalizers run between two collections.
    globalThis.gc?.();
    setImmediate(() => {
      globalThis.gc?.();
      const vitals: Vitals = {
        heap: process.memoryUsage().heapUsed,
        polluted: Object.keys(Object.prototype),
        unhandled,
      };
      process.send?.(vitals);
    });
  });
}
