/** Vitest starts the test cluster and the one file that measures: it is a runner here, nothing is asserted. @module */
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
