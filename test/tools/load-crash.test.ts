import { spawn } from 'node:child_process';
import { copyFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { ToolError } from '../../src/activity/index.js';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { chunksOf } from '../../src/tools/source/chunks.js';
import type { RowBatch } from '../../src/tools/source/reader.js';
import { loadId, loadTables } from '../../src/tools/target/names.js';
import { openTarget } from '../../src/tools/target/open.js';
import { failureText, FLIGHTS, loader, scratch, until, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let tasks: Loader | undefined;

beforeEach(async () => {
  place = await scratch();
  // 300,000 rows: 150,000 distinct ones, each twice.
  const some = Array.from({ length: 150_000 }, (_, i) => `${i},"row ${i}"\n`).join('');
  await writeFile(join(place.root, 'some.csv'), `id,name\n${some}${some}`);
});

afterEach(async () => {
  await tasks?.close();
  tasks = undefined;
  await place.close();
});

const some = (): { source: string; table: string; chunkRows: number } => ({
  source: 'some.csv',
  table: `${place.schema}.some`,
  chunkRows: 10_000,
});

/** Returns the process IDs of the sessions that are copying rows now. */
async function copying(): Promise<number[]> {
  const rows = await place.sql<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'mcp-tasks %' AND state = 'active' AND query LIKE $1`,
    [`COPY "${place.schema}"%`],
  );
  return rows.map(({ pid }) => pid);
}

/** Finds the load's own table with this suffix. The schema must contain only one load. */
async function own(suffix: string): Promise<string | undefined> {
  const [row] = await place.sql<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename LIKE 'mcp%' || $2`,
    [place.schema, suffix],
  );
  return row && `${place.schema}.${row.name}`;
}

async function count(table: string | undefined): Promise<number> {
  if (table === undefined) return 0;
  const [row] = await place.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return row!.n;
}

/** Waits until a chunk is being copied. @returns the sessions that copy */
async function midLoad(): Promise<number[]> {
  return await until(async () => {
    const pids = await copying();
    return pids.length > 0 && pids;
  }, 'a chunk to be copied');
}

/** Locks the staging table while `work` runs, so that a chunk that is being copied stays open until `work` is done. */
async function withChunkOpen<T>(work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: place.config.databases['default'] });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${await own('staging')}`);
    return await work();
  } finally {
    await client.end();
  }
}

/** Stops a load before its third chunk, until it is opened. Must be called before the load has its tables. */
async function gate(taskId: string): Promise<{ reached(): Promise<void>; open(): Promise<void> }> {
  const client = new Client({ connectionString: place.config.databases['default'] });
  await client.connect();
  const key = `hashtextextended('${place.schema}', 0)`;
  const ledger = `${place.schema}.${loadTables(loadId(taskId)).ledger}`;
  await client.query(`SELECT pg_advisory_lock(${key})`);
  await client.query(`
    CREATE TABLE ${ledger} (chunk integer PRIMARY KEY, rows bigint NOT NULL, attempt integer NOT NULL);
    CREATE FUNCTION ${place.schema}.wait() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(${key}); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE INSERT ON ${ledger} FOR EACH ROW WHEN (NEW.chunk = 2) EXECUTE FUNCTION ${place.schema}.wait()`);
  return {
    async reached() {
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%' || $1 || '%'`;
      await until(
        async () => (await place.sql(waiting, [loadTables(loadId(taskId)).ledger])).length > 0,
        'two chunks',
        200_000,
      );
    },
    async open() {
      await client.end();
    },
  };
}

/** Expects the table to have `rows` rows, `twice` of which are duplicates, and no other table to be left. */
async function expectExactly(table: string, rows: number, twice: number): Promise<void> {
  expect(await place.count(`${place.schema}.${table}`)).toEqual({ rows, twice });
  expect(await place.tables()).toEqual([table]);
}

async function run<A, R>(activity: (args: A) => Promise<R>, args: A, attempt = 1): Promise<R> {
  return await new MockActivityEnvironment({
    attempt,
    workflowExecution: { workflowId: place.schema, runId: 'r' },
  }).run(activity, args);
}

test('after a worker is killed mid-load, another continues after the last committed chunk', async () => {
  await copyFile(FLIGHTS, join(place.root, 'flights.parquet'));
  tasks = await loader(place.config, {}, false);
  const handle = await tasks.start({ source: 'flights.parquet', table: `${place.schema}.flights` });
  const thirdChunk = await gate(handle.workflowId);
  const worker = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('fixtures/worker.mjs', import.meta.url)),
      inject('temporalAddress'),
      tasks.taskQueue,
      JSON.stringify(place.config),
    ],
    { stdio: 'ignore' },
  );
  try {
    await thirdChunk.reached();
    await withChunkOpen(async () => {
      await thirdChunk.open();
      await midLoad();
      worker.kill('SIGKILL');
    });
    const second = await loader(place.config, {}, true, tasks.taskQueue);
    try {
      const result = await handle.result();
      expect(result).toMatchObject({ rowsIn: 3_000_000, rowsOut: 3_000_000, chunks: 30, attempts: 2 });
      expect(result.chunksRedone).toBeLessThanOrEqual(1);
      await expectExactly('flights', 3_000_000, 191);
    } finally {
      await second.close();
    }
  } finally {
    worker.kill('SIGKILL');
  }
}, 300_000);

test('two concurrent attempts load each row exactly once', async () => {
  const activities = loadActivities(place.config);
  const plan = await run(activities.inspectSource, loadArguments());
  await run(activities.createStaging, plan);
  const { counts } = await withChunkOpen(async () => {
    const both = Promise.all([run(activities.loadChunks, plan), run(activities.loadChunks, plan)]);
    await until(async () => (await count(await own('starts'))) === 2, 'both to begin the first chunk');
    return { counts: both };
  });
  for (const { chunks, chunksRedone } of await counts) {
    expect(chunks).toBe(30);
    expect(chunksRedone).toBeGreaterThan(0);
  }
  expect(await run(activities.verifyStaging, plan)).toMatchObject({ rows: 300_000 });
  await run(activities.swapTables, plan);
  await run(activities.swapTables, plan, 2);
  await run(activities.settleLoad, plan.target);
  await expectExactly('some', 300_000, 150_000);
});

test('an attempt that hangs while loading a chunk does not block the next attempt', async () => {
  const activities = loadActivities(place.config);
  const plan = await run(activities.inspectSource, loadArguments());
  await run(activities.createStaging, plan);
  const hanging = await openTarget(place.config, plan.target, {
    step: 'load',
    attempt: 1,
    signal: new AbortController().signal,
  });
  const [first] = chunksOf(plan.source, plan.chunkRows);
  const never = batches(async () => await new Promise(() => {}));
  const hung = hanging.load(first!, 1, never).catch((error: unknown) => error);
  await until(async () => (await copying()).length > 0, 'the first attempt to hang in its chunk');
  expect(await run(activities.loadChunks, plan, 2)).toEqual({ chunks: 30, chunksRedone: 1, attempts: 2 });
  expect(await hung).toMatchObject({ nonRetryable: false, type: 'DatabaseUnavailable' });
  await hanging.close();
  expect(await run(activities.verifyStaging, plan)).toMatchObject({ rows: 300_000 });
  await run(activities.undoLoad, plan.target);
  expect(await place.tables()).toEqual([]);
});

test('if the source fails during a chunk, its error is reported and not the database error that follows', async () => {
  const activities = loadActivities(place.config);
  const plan = await run(activities.inspectSource, loadArguments());
  await run(activities.createStaging, plan);
  const target = await openTarget(place.config, plan.target, {
    step: 'load',
    attempt: 1,
    signal: new AbortController().signal,
  });
  const [first] = chunksOf(plan.source, plan.chunkRows);
  const failed = new ToolError('the source has changed');
  const failing = batches(async () => {
    await until(async () => (await copying()).length > 0, 'the copy to begin');
    throw failed;
  });
  await expect(target.load(first!, 1, failing)).rejects.toBe(failed);
  await target.close();
  await run(activities.undoLoad, plan.target);
  expect(await place.tables()).toEqual([]);
});

function loadArguments(): LoadArguments {
  return { ...some(), database: 'default', mode: 'create' };
}

function batches(next: () => Promise<never>): AsyncIterable<RowBatch> {
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

test('after a connection is lost mid-load, the next attempt continues', async () => {
  tasks = await loader(place.config, {}, false);
  const handle = await tasks.start(some());
  const thirdChunk = await gate(handle.workflowId);
  const worker = await loader(place.config, {}, true, tasks.taskQueue);
  try {
    await thirdChunk.reached();
    await withChunkOpen(async () => {
      await thirdChunk.open();
      const [pid] = await midLoad();
      await place.sql('SELECT pg_terminate_backend($1)', [pid]);
    });
    expect(await handle.result()).toMatchObject({ rowsOut: 300_000, attempts: 2, chunksRedone: 1 });
  } finally {
    await worker.close();
  }
});

test('a source that changes while the task runs fails the load and leaves nothing', async () => {
  const real = loadActivities(place.config);
  tasks = await loader(place.config, {
    async createStaging(plan: LoadPlan) {
      await real.createStaging(plan);
      await utimes(join(place.root, 'some.csv'), new Date(), new Date());
    },
  });
  const handle = await tasks.start(some());
  expect(failureText(await handle.result().catch((e: unknown) => e))).toMatch(
    /^some\.csv has changed since the task began; start a new task when the file is complete$/,
  );
  expect(await place.tables()).toEqual([]);
});

test.each([
  ['lost', 'DELETE FROM $staging WHERE ctid = (SELECT ctid FROM $staging LIMIT 1)'],
  [
    'replaced by a copy of another',
    'WITH gone AS (DELETE FROM $staging WHERE ctid = (SELECT max(ctid) FROM $staging)) INSERT INTO $staging SELECT * FROM $staging LIMIT 1',
  ],
  ['changed', 'UPDATE $staging SET id = id + 1 WHERE ctid = (SELECT min(ctid) FROM $staging)'],
])('one row of many that is %s fails the verification and leaves nothing', async (_, damage) => {
  const real = loadActivities(place.config);
  tasks = await loader(place.config, {
    async loadChunks(plan: LoadPlan) {
      const counts = await real.loadChunks(plan);
      await place.sql(damage.replaceAll('$staging', `${place.schema}.mcp_${plan.target.id}_staging`));
      return counts;
    },
  });
  await place.sql(`CREATE TABLE ${place.schema}.some (old int)`);
  const handle = await tasks.start({ ...some(), mode: 'replace' });
  expect(failureText(await handle.result().catch((e: unknown) => e))).toMatch(
    /^the loaded rows do not match the source: the source has 300000 rows with checksum \d+, the staging table has /,
  );
  expect(await place.tables()).toEqual(['some']);
  expect(await place.sql(`SELECT * FROM ${place.schema}.some`)).toEqual([]);
});

test('a retry recognizes a swap whose answer was lost', async () => {
  const real = loadActivities(place.config);
  let attempts = 0;
  tasks = await loader(place.config, {
    async swapTables(plan: LoadPlan) {
      await real.swapTables(plan);
      if (++attempts === 1) throw ApplicationFailure.retryable('the answer was lost');
    },
  });
  expect(await tasks.load(some())).toMatchObject({ rowsOut: 300_000 });
  expect(attempts).toBe(2);
  await expectExactly('some', 300_000, 150_000);
});
