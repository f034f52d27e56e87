/** Uses Vitest only as a runner: it starts the test cluster and runs the benchmark, without assertions. @module */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['bench/replica.ts'],
    globalSetup: ['test/cluster/setup/services.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    reporters: ['minimal'],
    disableConsoleIntercept: true,
  },
});
