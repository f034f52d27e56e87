import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'conformance/**/*.test.ts'],
    // These need their own cluster: npm run test:cluster.
    exclude: ['test/cluster/**'],
    globalSetup: ['test/helpers/services.ts'],
    setupFiles: ['test/helpers/quiet.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What a test waits for does arrive; how soon depends on the machine.
    expect: { poll: { timeout: 20_000 } },
    // Servers, workers and databases share two cores: with more files in parallel, tests would time each other out.
    maxWorkers: 2,
  },
});
