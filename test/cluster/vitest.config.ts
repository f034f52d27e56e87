import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/setup/services.ts'],
    setupFiles: ['test/setup/quiet.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The workers of both languages have a task queue each, and the folder of whoever started them.
    fileParallelism: false,
  },
});
