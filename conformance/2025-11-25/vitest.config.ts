import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['conformance/2025-11-25/mutants.test.ts'],
    globalSetup: ['test/helpers/services.ts'],
    hookTimeout: 120_000,
    // Most of these tests time out waiting for something that their mutant withholds.
    maxConcurrency: 20,
  },
});
