import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, roughly the longest first. Files that mostly wait alternate with those that keep the
 * machine busy. Keep in step with the durations that Vitest reports.
 */
const LONGEST = [
  'worker/restarts',
  'tools/load-crash',
  'command/crash',
  'command/run',
  'sdk/conformance',
  'gateway/hangs',
  'temporal/engine',
  'temporal/retention',
  'tools/load-cancel',
  'temporal/codecs',
  'gateway/answers',
  'gateway/doctor-connection',
  'server/stdio',
  'temporal/keys',
  'gateway/cli',
  '2025-11-25/suite',
  'tools/load-dataset',
  'server/questions',
  'server/refusals',
  'fixture/fixture',
  'interop/ext-tasks',
  'server/fallback',
  'interop/inspector',
  'temporal/chain',
  'cli/serve',
  'server/crash',
  'gateway/away',
];

/** Starts the longest files first, so that the last file to end does not run alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return found === -1 ? LONGEST.length : found;
    };
    return await Promise.resolve(files.toSorted((a, b) => place(a) - place(b)));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'conformance/**/*.test.ts', 'fuzz/**/*.test.ts', 'bench/**/*.test.ts'],
    // These have scripts of their own: test:cluster, which needs its own cluster, and test:mutants.
    exclude: ['test/cluster/**', 'conformance/2025-11-25/mutants.test.ts'],
    globalSetup: ['test/helpers/services.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Generous: what a test waits for does arrive, but how soon depends on the machine.
    expect: { poll: { timeout: 20_000 } },
    // Twice the cores of a small machine, because a file spends half of its time waiting for a timeout, a retry or a
    // process. With many more, tests would time each other out.
    maxWorkers: 4,
    // Loading the SDKs takes a second of processor time. Files that share a process load them once. So a file must undo
    // what it changes in its process: environment variables, listeners, timers.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
});
