import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A cluster of its own: npm run test:cluster.
    exclude: ['test/cluster/**'],
    globalSetup: ['test/setup/services.ts'],
    setupFiles: ['test/setup/quiet.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes; how soon depends on the machine.
    expect: { poll: { timeout: 20_000 } },
    // Servers, workers and databases share two cores: files side by side would time each other out.
    maxWorkers: 2,
  },
});
