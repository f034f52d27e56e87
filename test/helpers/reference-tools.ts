/** A worker with the reference activities, and a scratch folder and schema, for one test file. @module */
import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as TemporalClient, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Pool, type QueryResultRow } from 'pg';
import { inject } from 'vitest';
import { referenceActivities, type ToolsConfig } from '../../src/tools/index.js';
import type { LoadArguments, LoadResult } from '../../src/tools/load/types.js';
import type { loadDataset } from '../../workflows/tools/index.js';
import { workflowBundle } from './workflow-bundle.js';

export const FLIGHTS = fileURLToPath(
  new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
);
const WORKFLOWS = fileURLToPath(new URL('../../workflows/tools/index.ts', import.meta.url));

export interface Scratch {
  /** A folder that the tools may access. */
  readonly root: string;
  /** This scratch's own schema in the test database. */
  readonly schema: string;
  readonly config: ToolsConfig;
  sql<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Counts a table's rows, and how many of them are duplicates of another. */
  count(table: string): Promise<{ rows: number; twice: number }>;
  /** Waits until no load has its own tables in the schema, and returns the schema's tables. */
  tables(): Promise<string[]>;
  close(): Promise<void>;
}

export async function scratch(): Promise<Scratch> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-tools-')));
  const schema = `t_${randomUUID().replaceAll('-', '')}`;
  const url = inject('databaseUrl');
  const pool = new Pool({ connectionString: url, max: 2, options: '-c timezone=UTC' });
  pool.on('error', () => {});
  await pool.query(`CREATE SCHEMA ${schema}`);
  const sql = async <Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows;
  return {
    root,
    schema,
    config: { roots: [root], databases: { default: url, file: `duckdb:${join(root, 'target.duckdb')}` } },
    sql,
    async count(table) {
      // Comparing hashes takes a fifth of the time of comparing rows.
      const [counted] = await sql<{ rows: number; twice: number }>(
        `SELECT sum(n)::int AS rows, sum(n - 1)::int AS twice
         FROM (SELECT count(*) n FROM ${table} f GROUP BY hash_record_extended(f, 0)) d`,
      );
      return counted!;
    },
    async tables() {
      return await until(async () => {
        const rows = await sql<{ name: string }>(
          'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1',
          [schema],
        );
        return !rows.some(({ name }) => name.startsWith('mcp_')) && rows.map(({ name }) => name);
      }, 'the clean-up of all loads');
    },
    async close() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export interface Loader {
  readonly client: TemporalClient;
  readonly taskQueue: string;
  start(
    args: Partial<LoadArguments> & Pick<LoadArguments, 'source' | 'table'>,
  ): Promise<WorkflowHandle<typeof loadDataset>>;
  load(args: Partial<LoadArguments> & Pick<LoadArguments, 'source' | 'table'>): Promise<LoadResult>;
  close(): Promise<void>;
}

/** @param activities replacements for some of the real activities */
export async function loader(
  config: ToolsConfig,
  activities: object = {},
  withWorker = true,
  taskQueue = `tools-${randomUUID()}`,
): Promise<Loader> {
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const client = new TemporalClient({ connection });
  const stop = withWorker
    ? await runWorker(address, taskQueue, { ...referenceActivities(config), ...activities })
    : async () => {};
  const start: Loader['start'] = async (args) =>
    await client.workflow.start<typeof loadDataset>('loadDataset', {
      taskQueue,
      workflowId: `load-${randomUUID()}`,
      args: [{ database: 'default', mode: 'create', chunkRows: 100_000, ...args }],
    });
  return {
    client,
    taskQueue,
    start,
    load: async (args) => await (await start(args)).result(),
    async close() {
      await stop();
      await connection.close();
    },
  };
}

async function runWorker(address: string, taskQueue: string, activities: object): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    activities,
    workflowBundle: await workflowBundle(WORKFLOWS),
    defaultHeartbeatThrottleInterval: 1_000,
    maxHeartbeatThrottleInterval: 1_000,
    shutdownGraceTime: 1_000,
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}

/** Returns what a failed task tells the caller: the message of the innermost cause, which is the step's error. */
export function failureText(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Waits until `ready` returns a truthy value, and returns that. */
export async function until<T>(
  ready: () => Promise<T | undefined | false>,
  what: string,
  timeout = 90_000,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await ready();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
