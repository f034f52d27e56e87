import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/setup/services.ts'],
    setupFiles: ['test/helpers/quiet.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each language has one task queue, and its workers use their own test file's folder: run in parallel, files would
    // take each other's tasks.
    fileParallelism: false,
  },
});
