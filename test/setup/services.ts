/** One Temporal dev server and one PostgreSQL for all tests, on loopback, gone afterwards. @module */
import 'vitest';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
    databaseUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const path = process.env['TEMPORAL_CLI_PATH'];
  if (!path) throw new Error('TEMPORAL_CLI_PATH');
  const env = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'existing-path', path } } });
  project.provide('temporalAddress', env.address);
  project.provide('databaseUrl', process.env['DATABASE_URL'] ?? '');
  return async () => {
    await env.teardown();
  };
}
