/** Reports a fuzzed process's vitals to the fuzzer. @module */

/** What a process reports about itself. */
export interface Vitals {
  /** The heap in use after a garbage collection, in bytes. */
  readonly heap: number;
  /** The names that were added to `Object.prototype`. */
  readonly polluted: readonly string[];
  /** The number of unhandled rejections. */
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
