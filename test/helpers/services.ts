/** One Temporal dev server and one PostgreSQL for all tests, on loopback, removed afterwards. @module */
import 'vitest';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TestProject } from 'vitest/node';
import { findTemporalCli } from '../../src/temporal/dev-server/index.js';
import { homeOf } from '../../src/tools/postgres/home.js';
import { acquirePostgres } from '../../src/tools/postgres/index.js';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
    /** Path of the Temporal CLI, for tests that start their own dev server. */
    temporalCli: string;
    databaseUrl: string;
    /** Directory of the workflow bundles that have been built. */
    bundles: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-test-'));
  // PostgreSQL does not run as root, and its own user needs access to this folder.
  await chmod(dir, 0o755);
  const path = await findTemporalCli({ log });
  const postgres = await acquirePostgres({ dir, log });
  const temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      dbFilename: join(dir, 'temporal.db'),
      extraArgs: [
        // As for the package's own dev server. Without these, every hop costs 40 ms once a few tasks have run.
        ...['transfer', 'timer', 'visibility'].flatMap((queue) => [
          '--dynamic-config-value',
          `history.${queue}ProcessorMaxPollRPS=2000`,
        ]),
        // The data need not survive a power cut.
        ...['journal_mode=WAL', 'synchronous=OFF'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
      ],
    },
  });
  project.provide('temporalAddress', temporal.address);
  project.provide('temporalCli', path);
  project.provide('databaseUrl', postgres.url);
  const bundles = join(dir, 'bundles');
  await mkdir(bundles);
  project.provide('bundles', bundles);
  project.onTestsRerun(async () => {
    // In watch mode the workflows may have changed.
    await rm(bundles, { recursive: true });
    await mkdir(bundles);
  });
  return async () => {
    await temporal.teardown();
    await postgres.release();
    // If the tests run as root, PostgreSQL's files may be elsewhere.
    for (const left of [homeOf(join(dir, 'postgres')), dir]) await rm(left, { recursive: true, force: true });
  };
}
