import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Context, type Info } from '@temporalio/activity';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadPlan } from '../../src/tools/load/types.js';
import { FLIGHTS, loader, scratch, until, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let tasks: Loader | undefined;
let table: string;

beforeEach(async () => {
  place = await scratch();
  table = `${place.schema}.t`;
  await copyFile(FLIGHTS, join(place.root, 'flights.parquet'));
  await writeFile(join(place.root, 'a.csv'), 'v\na\n');
  await writeFile(join(place.root, 'b.csv'), 'v\nb\n');
  await place.sql(`CREATE TABLE ${table} (v text); INSERT INTO ${table} VALUES ('old')`);
});

afterEach(async () => {
  await tasks?.close();
  tasks = undefined;
  await place.close();
});

async function content(): Promise<unknown[]> {
  return (await place.sql<{ v: unknown }>(`SELECT v FROM ${table}`)).map(({ v }) => v);
}

async function sessions(): Promise<string[]> {
  const rows = await place.sql<{ query: string }>(
    `SELECT query FROM pg_stat_activity WHERE application_name LIKE 'mcp-tasks %' AND query LIKE $1`,
    [`%${place.schema}%`],
  );
  return rows.map(({ query }) => query);
}

const isCopy = (query: string): boolean => query.startsWith('COPY');

async function cause(result: Promise<unknown>): Promise<unknown> {
  return await result.then(
    () => 'completed',
    (error: Error) => error.cause,
  );
}

/** Replaces `swapTables` with one that, after the swap, waits at a gate. `swapped` opens the gates, by source file. */
function gated(): { activities: object; swapped: Map<string, () => void> } {
  const real = loadActivities(place.config);
  const swapped = new Map<string, () => void>();
  const activities = {
    async swapTables(plan: LoadPlan) {
      await real.swapTables(plan);
      await new Promise<void>((open) => swapped.set(plan.source.files[0]!.path.slice(-5), open));
    },
  };
  return { activities, swapped };
}

test('a load cancelled during a chunk closes its connection and leaves nothing', async () => {
  tasks = await loader(place.config);
  const handle = await tasks.start({ source: 'flights.parquet', table, mode: 'replace' });
  await until(async () => (await sessions()).some(isCopy), 'a chunk to be loading');
  await handle.cancel();
  expect(await cause(handle.result())).toBeInstanceOf(CancelledFailure);
  await until(async () => (await sessions()).length === 0, 'the sessions to end');
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual(['old']);
}, 180_000);

test('a load terminated during a chunk is cleaned up and leaves nothing', async () => {
  tasks = await loader(place.config);
  const handle = await tasks.start({ source: 'flights.parquet', table, mode: 'replace' });
  await until(async () => (await sessions()).some(isCopy), 'a chunk to be loading');
  await handle.terminate();
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual(['old']);
  await until(async () => (await sessions()).length === 0, 'the sessions to end');
}, 180_000);

test('a load cancelled after the swap restores the old table', async () => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const handle = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
  const open = await until(async () => swapped.get('a.csv'), 'the swap');
  expect(await content()).toEqual(['a']);
  await handle.cancel();
  open();
  expect(await cause(handle.result())).toBeInstanceOf(CancelledFailure);
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual(['old']);
});

test('a load cancelled after the swap leaves no table if there was none before', async () => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const handle = await tasks.start({ source: 'a.csv', table: `${place.schema}.new` });
  const open = await until(async () => swapped.get('a.csv'), 'the swap');
  await handle.cancel();
  open();
  expect(await cause(handle.result())).toBeInstanceOf(CancelledFailure);
  expect(await place.tables()).toEqual(['t']);
});

test.each([
  { before: 'the old table', called: 't', left: ['t'] },
  { before: 'no table', called: 'new', left: ['t'] },
])('a load terminated after the swap restores $before', async ({ called, left }) => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const handle = await tasks.start({ source: 'a.csv', table: `${place.schema}.${called}`, mode: 'replace' });
  const open = await until(async () => swapped.get('a.csv'), 'the swap');
  await handle.terminate();
  open();
  expect(await cause(handle.result())).toBeInstanceOf(TerminatedFailure);
  expect(await place.tables()).toEqual(left);
  expect(await content()).toEqual(['old']);
});

test('a cleanup that somebody cancels waits for its load', async () => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const handle = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
  const open = await until(async () => swapped.get('a.csv'), 'the swap');
  const cleanup = tasks.client.workflow.getHandle(`cleanup-${handle.workflowId}`);
  await cleanup.cancel();
  await until(async () => {
    const { raw } = await cleanup.describe();
    return (raw.pendingActivities?.[0]?.attempt ?? 0) > 1;
  }, 'the cleanup to try');
  open();
  await handle.result();
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual(['a']);
});

test.each(['default', 'file'])(
  'an attempt that begins after its load has ended creates no tables in database "%s"',
  async (database) => {
    const real = loadActivities(place.config);
    let late: { plan: LoadPlan; info: Info } | undefined;
    tasks = await loader(place.config, {
      async createStaging(plan: LoadPlan) {
        late = { plan, info: Context.current().info };
        await real.createStaging(plan);
      },
    });
    const source = { source: 'a.csv', database, mode: 'replace' } as const;
    const handle = await tasks.start({ ...source, table: database === 'file' ? 'main.t' : table });
    await handle.result();
    await tasks.client.workflow.getHandle(`cleanup-${handle.workflowId}`).result();
    const paused = new MockActivityEnvironment(late!.info, { client: tasks.client });
    await expect(paused.run(real.createStaging, late!.plan)).rejects.toThrow('the load has ended');
    expect(database === 'file' ? await tablesInFile() : await place.tables()).toEqual(['t']);
  },
);

async function tablesInFile(): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(place.config.databases['file']!.slice('duckdb:'.length));
  const connection = await instance.connect();
  try {
    return (await (await connection.run('SELECT table_name FROM duckdb_tables()')).getColumns())[0] ?? [];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test.each([
  { cancelled: 'the first', a: true, b: false, left: 'b' },
  { cancelled: 'the second', a: false, b: true, left: 'a' },
  { cancelled: 'both', a: true, b: true, left: 'old' },
  { cancelled: 'none', a: false, b: false, left: 'b' },
])('two tasks have swapped the same table, $cancelled is cancelled: $left remains', async ({ a, b, left }) => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const first = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
  const openFirst = await until(async () => swapped.get('a.csv'), 'the first swap');
  const second = await tasks.start({ source: 'b.csv', table, mode: 'replace' });
  const openSecond = await until(async () => swapped.get('b.csv'), 'the second swap');
  for (const [handle, cancel, open] of [
    [first, a, openFirst],
    [second, b, openSecond],
  ] as const) {
    if (cancel) await handle.cancel();
    open();
    const ended = await cause(handle.result());
    expect(ended === 'completed').toBe(!cancel);
  }
  expect(await place.tables()).toEqual(['t']);
  expect(await content()).toEqual([left]);
});

test('at any time, an accepted cancellation leaves the old table and a rejected one the new table', async () => {
  const { activities, swapped } = gated();
  tasks = await loader(place.config, activities);
  const seen = { cancelled: 0, completed: 0 };
  // When the cancellation is sent, in milliseconds after the swap step is let go; negative means before. The loop moves
  // it back and forth across the point at which the outcome changes, which depends on the machine.
  let lag = 0;
  let stride = 4;
  let before: boolean | undefined;
  for (let i = 0; i < 24; i++) {
    await place.sql(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} AS SELECT 'old' AS v`);
    const handle = await tasks.start({ source: 'a.csv', table, mode: 'replace' });
    const open = await until(async () => swapped.get('a.csv'), 'the swap');
    swapped.delete('a.csv');
    const cancel = async (): Promise<unknown> => await handle.cancel().catch(() => {});
    const [first, second] = lag < 0 ? [cancel, open] : [open, cancel];
    const begun = first();
    await new Promise((resolve) => setTimeout(resolve, Math.abs(lag)));
    await Promise.all([begun, second()]);
    await handle.result().catch(() => {});
    const { raw } = await handle.describe();
    const cancelled = raw.workflowExtendedInfo?.cancelRequested === true;
    expect(await place.tables()).toEqual(['t']);
    expect([i, cancelled, await content()]).toEqual([i, cancelled, [cancelled ? 'old' : 'a']]);
    seen[cancelled ? 'cancelled' : 'completed']++;
    // Take longer strides until the outcome changes, then shorter ones around that point.
    if (before !== undefined) stride = cancelled === before ? stride * 2 : Math.max(stride / 2, 1);
    before = cancelled;
    lag += cancelled ? stride : -stride;
  }
  // The test proves nothing unless it has seen both outcomes.
  expect(Math.min(seen.cancelled, seen.completed)).toBeGreaterThan(0);
}, 180_000);
