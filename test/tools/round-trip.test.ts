/**
 * Sends generated tables through every pair of formats and into both kinds of database, and compares every value. A
 * longer run, with other tables: npm run test:round-trip -- --runs 100 --seed 1
 */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToolError, type StepContext } from '../../src/activity/index.js';
import { convert, type ConvertCheckpoint } from '../../src/tools/convert/convert.js';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadActivities, LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { scratch, type Scratch } from '../helpers/reference-tools.js';
import {
  differences,
  fileIn,
  tables,
  withDuplicate,
  writeTable,
  type Format,
  type Loaded,
  type Table,
} from '../helpers/tables.js';

const RUNS = Number(process.env['ROUND_TRIP_RUNS'] ?? 1);
const SEED = Number(process.env['ROUND_TRIP_SEED'] ?? 20_260_728);
const FORMATS: readonly Format[] = ['csv', 'tsv', 'json', 'ndjson', 'parquet'];

let place: Scratch;
let steps: LoadActivities;
let count = 0;

beforeAll(async () => {
  place = await scratch();
  steps = loadActivities(place.config);
});
afterAll(async () => await place.close());

describe.each(FORMATS)('from %s', (from) => {
  test.each(FORMATS)(
    'to %s',
    async (to) => {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(tables(from, to), async (table) => await roundTrip(table, from, to)),
        { numRuns: RUNS, seed: SEED, endOnFailure: RUNS < 10 },
      );
    },
    30_000 + RUNS * 10_000,
  );
});

test.each(FORMATS.filter((format) => format !== 'parquet'))(
  '%s: two columns with one name are refused',
  async (from) => {
    const rename = fc.constantFrom(
      (name: string) => name,
      (name: string) => (name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()),
    );
    await fc.assert(
      fc.asyncProperty(tables(from, from), rename, async (table, change) => {
        const source = fileIn(place.root, `t${++count}`, from);
        await writeTable(source, from, withDuplicate(table, change));
        await expect(load(basename(source), 'file', 'main.twice')).rejects.toThrow(
          / named ".*"; rename one of them|only in upper and lower case/s,
        );
      }),
      { numRuns: 3 * RUNS, seed: SEED },
    );
  },
);

async function roundTrip(table: Table, from: Format, to: Format): Promise<void> {
  const id = `t${++count}`;
  const source = fileIn(place.root, `${id}-in`, from);
  const target = fileIn(place.root, `${id}-out`, to);
  try {
    await writeTable(source, from, table);
    await convertFile(basename(source), basename(target), id);
    for (const file of [source, target]) {
      await expectLoaded(table, basename(file), 'file', `main.${id}`);
      await expectInPostgres(table, basename(file), `${place.schema}.${id}`);
    }
  } finally {
    for (const file of [source, target]) await rm(file, { force: true });
  }
}

/** PostgreSQL has no NUL in text, so the load fails and names the row. */
async function expectInPostgres(table: Table, source: string, name: string): Promise<void> {
  const hasNul = table.columns.some(({ kind, cells }) => kind === 'text' && cells.some((cell) => cell?.includes('\0')));
  if (!hasNul) return await expectLoaded(table, source, 'default', name);
  await expect(load(source, 'default', name)).rejects.toThrow(/, row \d+.*0x00/s);
}

async function convertFile(source: string, target: string, taskId: string): Promise<void> {
  const ctx: StepContext<ConvertCheckpoint> = {
    taskId,
    attempt: 1,
    signal: new AbortController().signal,
    lastCheckpoint: undefined,
    progress() {},
    checkpoint() {},
  };
  await convert(place.config, { source, target, header: true, overwrite: false }, ctx);
}

async function expectLoaded(table: Table, source: string, database: string, name: string): Promise<void> {
  const plan = await load(source, database, name);
  const found = database === 'file' ? await inDuckDB(plan, name) : await inPostgres(plan, name);
  expect([source, database, ...differences(table, found)]).toEqual([source, database]);
}

async function load(source: string, database: string, table: string): Promise<LoadPlan> {
  const environment = new MockActivityEnvironment({
    workflowExecution: { workflowId: `${source} ${database}`, runId: 'r' },
  });
  const run = async <A, R>(step: (args: A) => Promise<R>, args: A): Promise<R> => await environment.run(step, args);
  const args: LoadArguments = { source, database, table, header: true, mode: 'replace', chunkRows: 3 };
  const plan = await run(steps.inspectSource, args);
  try {
    await run(steps.createStaging, plan);
    await run(steps.loadChunks, plan);
    await run(steps.verifyStaging, plan);
    await run(steps.swapTables, plan);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    await run(steps.undoLoad, plan.target);
    throw error;
  }
  await run(steps.settleLoad, plan.target);
  return plan;
}

async function inPostgres(plan: LoadPlan, table: string): Promise<Loaded[]> {
  const columns = await place.sql<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
    [table],
  );
  const select = columns.map(({ name }, i) => `"${name.replaceAll('"', '""')}"::text AS c${i}`);
  const rows = await place.sql<Record<string, string | null>>(`SELECT ${select.join(', ')} FROM ${table}`);
  return loaded(plan, columns, rows);
}

async function inDuckDB(plan: LoadPlan, table: string): Promise<Loaded[]> {
  const instance = await DuckDBInstance.fromCache(place.config.databases['file']!.slice('duckdb:'.length));
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    const columns = (await (await connection.run(`DESCRIBE ${table}`)).getRowObjects()).map((row) => ({
      name: String(row['column_name']),
      type: String(row['column_type']),
    }));
    const select = columns.map(({ name, type }, i) => {
      const value = `"${name.replaceAll('"', '""')}"`;
      return `${/\]$|^(STRUCT|MAP)/.test(type) ? `to_json(${value})` : value}::VARCHAR AS c${i}`;
    });
    const rows = await (await connection.run(`SELECT ${select.join(', ')} FROM ${table}`)).getRowObjects();
    return loaded(plan, columns, rows as Record<string, string | null>[]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function loaded(
  { source }: LoadPlan,
  columns: readonly { readonly name: string }[],
  rows: readonly Record<string, string | null>[],
): Loaded[] {
  return columns.map(({ name }, i) => ({
    name,
    type: source.columns[i]?.type ?? '',
    texts: rows.map((row) => row[`c${i}`] ?? null),
  }));
}
