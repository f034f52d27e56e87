/** Vitest's global setup: builds the programs, starts PostgreSQL and Temporal, cleans up at the end. @module */
import 'vitest';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { homeOf } from '../../../src/tools/postgres/home.js';
import { acquirePostgres } from '../../../src/tools/postgres/index.js';
import { makeCertificates, NAMESPACES } from './certificates.js';
import { stopAll } from './processes.js';
import { buildGo, buildPublished } from './programs.js';
import { pythonEnvironment } from './python.js';
import { makeNamespaces, startTemporal } from './temporal.js';

export interface Cluster {
  readonly address: string;
  /** The default namespace. */
  readonly namespace: string;
  /** The PostgreSQL behind the cluster. */
  readonly databaseUrl: string;
  /** The folder of the certificates. */
  readonly certificates: string;
  /** The executables of server/ and go/. */
  readonly program: string;
  readonly goWorker: string;
  /** The executable of Temporal's UI. */
  readonly ui: string;
  /** The executable that reads and validates compose files. */
  readonly compose: string;
  /** A Python interpreter with the packages python/ needs. */
  readonly python: string;
  /** A Python interpreter with the S3 server. */
  readonly s3: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: Cluster;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const program = await buildGo('server', log);
  const goWorker = await buildGo('go', log);
  const ui = await buildPublished('ui', log);
  const compose = await buildPublished('compose', log);
  const python = await pythonEnvironment('python', log);
  const s3 = await pythonEnvironment('s3', log);
  const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-cluster-'));
  // PostgreSQL refuses to run as root, and its own user needs access.
  await chmod(dir, 0o755);
  const certificates = join(dir, 'certificates');
  await mkdir(certificates, { mode: 0o700 });
  await makeCertificates(certificates);
  // The cluster makes its own database. Never use one of the user's.
  delete process.env['DATABASE_URL'];
  const postgres = await acquirePostgres({ dir, log });
  const teardown = async (): Promise<void> => {
    await stopAll();
    await postgres.release();
    // If run as root, PostgreSQL may keep its files elsewhere.
    for (const left of [homeOf(join(dir, 'postgres')), dir]) await rm(left, { recursive: true, force: true });
  };
  try {
    const server = await startTemporal({
      program,
      dir: join(dir, 'temporal'),
      certificates,
      databaseUrl: postgres.url,
    });
    await makeNamespaces(server, certificates, NAMESPACES);
    log(`cluster: Temporal is at ${server.address}`);
    project.provide('cluster', {
      address: server.address,
      namespace: NAMESPACES[0],
      databaseUrl: postgres.url,
      certificates,
      program,
      goWorker,
      ui,
      compose,
      python,
      s3,
    });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
