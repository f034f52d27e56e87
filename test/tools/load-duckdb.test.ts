import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadActivities, LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { duckdbError } from '../../src/tools/target/duckdb/errors.js';
import { scratch, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let steps: LoadActivities;

beforeEach(async () => {
  place = await scratch();
  steps = loadActivities(place.config);
  await writeFile(
    join(place.root, 'rows.csv'),
    `id\n${Array.from({ length: 50_000 }, (_, i) => `${i % 40_000}\n`).join('')}`,
  );
  for (const name of ['a', 'b']) await writeFile(join(place.root, `${name}.csv`), `v\n${name}\n`);
});
afterEach(async () => await place.close());

async function run<A, R>(activity: (args: A) => Promise<R>, args: A, task = 'one'): Promise<R> {
  return await new MockActivityEnvironment({ workflowExecution: { workflowId: task, runId: 'r' } }).run(activity, args);
}

/** Runs every step up to and including the swap, which runs twice. */
async function swapIn(source: string, task: string) {
  const args: LoadArguments = { source, database: 'file', table: 't', mode: 'replace', chunkRows: 1_000 };
  const plan = await run(steps.inspectSource, args, task);
  for (const each of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables, steps.swapTables])
    await run<typeof plan, unknown>(each, plan, task);
  return plan.target;
}

async function rows(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.fromCache(join(place.root, 'target.duckdb'));
  const connection = await instance.connect();
  try {
    return await (await connection.run(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const tables = async (): Promise<unknown[]> =>
  (await rows('SELECT table_name, comment FROM duckdb_tables() ORDER BY 1')).flat();

test('two concurrent attempts load each row exactly once', async () => {
  const args: LoadArguments = { source: 'rows.csv', database: 'file', table: 't', mode: 'create', chunkRows: 1_000 };
  const plan = await run(steps.inspectSource, args);
  await run(steps.createStaging, plan);
  const counts = await Promise.all([run(steps.loadChunks, plan), run(steps.loadChunks, plan)]);
  expect(counts.map(({ chunks }) => chunks)).toEqual([50, 50]);
  expect(await run(steps.verifyStaging, plan)).toMatchObject({ rows: 50_000 });
  await run(steps.swapTables, plan);
  await run(steps.settleLoad, plan.target);
  expect(await rows('SELECT count(*), count(DISTINCT id) FROM t')).toEqual([['50000', '40000']]);
  expect(await tables()).toEqual(['t', null]);
});

test.each([
  { order: 'undo the first, settle the second', undoA: true, undoB: false, left: 'b' },
  { order: 'settle the first, undo the second', undoA: false, undoB: true, left: 'a' },
  { order: 'undo both', undoA: true, undoB: true, left: 'old' },
  { order: 'settle both', undoA: false, undoB: false, left: 'b' },
])('two loads that have swapped the same table: $order', async ({ undoA, undoB, left }) => {
  await rows(`CREATE TABLE t AS SELECT 'old' AS v`);
  const a = await swapIn('a.csv', 'a');
  const b = await swapIn('b.csv', 'b');
  await run(undoA ? steps.undoLoad : steps.settleLoad, a);
  await run(undoB ? steps.undoLoad : steps.settleLoad, b);
  expect(await rows('SELECT v FROM t')).toEqual([[left]]);
  expect(await tables()).toEqual(['t', null]);
});

/** Loads with a plan that `change` made of the real one. */
async function loadChanged(source: string, task: string, change: (plan: LoadPlan) => LoadPlan): Promise<void> {
  const args: LoadArguments = { source, database: 'file', table: 't', mode: 'replace', chunkRows: 1_000 };
  const plan = change(await run(steps.inspectSource, args, task));
  for (const each of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables])
    await run<LoadPlan, unknown>(each, plan, task);
  await run(steps.settleLoad, plan.target, task);
}

test('the checksum is that of the text, so it shows if a type changes the values', async () => {
  await writeFile(join(place.root, 'ids.csv'), 'id\n12345678901234567890\n12345678901234567891\n');
  const asDouble = (plan: LoadPlan): LoadPlan => ({
    ...plan,
    source: { ...plan.source, columns: [{ name: 'id', type: 'DOUBLE' }] },
  });
  await expect(loadChanged('ids.csv', 'a', asDouble)).rejects.toThrow(/^the loaded rows do not match the source/);
  await loadChanged('ids.csv', 'b', (plan) => plan);
  expect(await rows('SELECT id::VARCHAR FROM t')).toEqual([['12345678901234567890'], ['12345678901234567891']]);
});

test('a load that an earlier version planned ends as it began', async () => {
  const { exact: _, ...source } = (
    await run(steps.inspectSource, {
      source: 'rows.csv',
      database: 'file',
      table: 't',
      mode: 'create',
      chunkRows: 1_000,
    })
  ).source;
  await loadChanged('rows.csv', 'a', (plan) => ({ ...plan, source }));
  expect(await rows('SELECT count(*), count(DISTINCT id) FROM t')).toEqual([['50000', '40000']]);
});

test('an empty file does not replace a table', async () => {
  await rows(`CREATE TABLE t AS SELECT 'old' AS v`);
  await writeFile(join(place.root, 'empty.csv'), '');
  await expect(swapIn('empty.csv', 'a')).rejects.toThrow('empty.csv is empty: it has no columns');
  expect(await rows('SELECT v FROM t')).toEqual([['old']]);
});

test.each([
  [
    'IO Error: Could not set lock on file "/srv/w.duckdb": Conflicting lock is held',
    'database "w": IO Error: Could not set lock on file "w": Conflicting lock is held',
    false,
  ],
  [
    'Catalog Error: Table with name x does not exist!\nLINE 1',
    'database "w": Catalog Error: Table with name x does not exist!',
    true,
  ],
])('an error does not reveal the path: %s', (message, told, final) => {
  expect(duckdbError('w', '/srv/w.duckdb', new Error(message))).toMatchObject({ message: told, nonRetryable: final });
});

test('a table whose name differs only in case is the same table', async () => {
  await rows(`CREATE TABLE T AS SELECT 'old' AS v`);
  const args: LoadArguments = { source: 'a.csv', database: 'file', table: 't', mode: 'create', chunkRows: 1_000 };
  await expect(run(steps.inspectSource, args)).rejects.toThrow('main.t exists; use mode "replace"');
  await run(steps.undoLoad, await swapIn('a.csv', 'a'));
  expect(await tables()).toEqual(['T', null]);
  expect(await rows('SELECT v FROM t')).toEqual([['old']]);
  await run(steps.settleLoad, await swapIn('b.csv', 'b'));
  expect(await tables()).toEqual(['t', null]);
  expect(await rows('SELECT v FROM t')).toEqual([['b']]);
});

test('a schema is found whatever the case of its name', async () => {
  await rows('CREATE SCHEMA Sales');
  const args: LoadArguments = { source: 'a.csv', database: 'file', table: 'sales.t', mode: 'create', chunkRows: 1_000 };
  const plan = await run(steps.inspectSource, args);
  for (const each of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables])
    await run<typeof plan, unknown>(each, plan);
  await run(steps.settleLoad, plan.target);
  expect(await rows('SELECT v FROM sales.t')).toEqual([['a']]);
});
