import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fitting } from '../../src/tools/load/inspect.js';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadActivities, LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { inspectFiles } from '../../src/tools/source/inspect.js';
import type { RowBatch } from '../../src/tools/source/reader.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { copyText } from '../../src/tools/target/postgres/copy-text.js';
import { PostgresSession } from '../../src/tools/target/postgres/session.js';
import { scratch, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let steps: LoadActivities;
let table: string;
let tasks = 0;

beforeAll(async () => {
  place = await scratch();
  steps = loadActivities(place.config);
  await writeFile(join(place.root, 'new.csv'), 'a\n2\n');
});
afterAll(async () => await place.close());
beforeEach(async () => {
  table = `${place.schema}.t${++tasks}`;
  await place.sql(`CREATE TABLE ${table} (id serial PRIMARY KEY, a bigint DEFAULT 1, CHECK (a > 0))`);
  await place.sql(`INSERT INTO ${table} DEFAULT VALUES`);
});

async function run<A, R>(activity: (args: A) => Promise<R>, args: A): Promise<R> {
  return await new MockActivityEnvironment({
    workflowExecution: { workflowId: `task-${tasks}-${place.schema}`, runId: 'r' },
  }).run(activity, args);
}

const args = (): LoadArguments => ({
  source: 'new.csv',
  database: 'default',
  table,
  mode: 'replace',
  chunkRows: 1_000,
});

/** Runs every step up to and including the swap, with `between` before the rows are loaded. */
async function swapIn(between: (plan: LoadPlan) => Promise<unknown> = async () => {}): Promise<LoadPlan> {
  const plan = await run(steps.inspectSource, args());
  await run(steps.createStaging, plan);
  await between(plan);
  await run(steps.loadChunks, plan);
  await run(steps.verifyStaging, plan);
  await run(steps.swapTables, plan);
  return plan;
}

/** Returns the suffixes of the load's own tables that are left. */
async function own({ target }: LoadPlan): Promise<string[]> {
  const found = await place.sql<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND starts_with(tablename, $2)',
    [place.schema, `mcp_${target.id}_`],
  );
  return found.map(({ name }) => name.slice(`mcp_${target.id}_`.length));
}

test.each([
  [
    'a function of its row type',
    (t: string) => `CREATE FUNCTION ${t}_f(r ${t}) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  ],
  ['a column of its row type', (t: string) => `CREATE TABLE ${t}_f (r ${t})`],
  ['a column of an array of it', (t: string) => `CREATE TABLE ${t}_f (r ${t}[])`],
  ['a default from its sequence', (t: string) => `CREATE TABLE ${t}_f (n int DEFAULT nextval('${t}_id_seq'))`],
  [
    "another table's policy",
    (t: string) => `CREATE TABLE ${t}_f (n int); CREATE POLICY p ON ${t}_f USING (EXISTS (SELECT FROM ${t}))`,
  ],
])('a table is not replaced while there is %s', async (_, sql) => {
  await place.sql(sql(table));
  await expect(run(steps.inspectSource, args())).rejects.toThrow(
    new RegExp(`^${table} cannot be replaced because other objects depend on it: .*${table}_f`),
  );
});

test("a table's own default, constraint and policy do not prevent replacing it", async () => {
  await place.sql(`CREATE POLICY own ON ${table} USING (a > 1)`);
  const plan = await swapIn();
  await run(steps.settleLoad, plan.target);
  expect(await place.sql(`SELECT * FROM ${table}`)).toEqual([{ a: '2' }]);
  expect(await own(plan)).toEqual([]);
});

test('if the replaced table cannot be dropped, the error names it and nothing else is left', async () => {
  const plan = await swapIn();
  await place.sql(`CREATE VIEW ${table}_v AS SELECT FROM ${place.schema}.mcp_${plan.target.id}_kept`);
  await expect(run(steps.settleLoad, plan.target)).rejects.toThrow(
    `${place.schema}.mcp_${plan.target.id}_kept could not be dropped; drop it manually (`,
  );
  expect(await own(plan)).toEqual(['kept']);
});

test('an undo restores the old table even if objects depend on the loaded one, which the error names', async () => {
  const plan = await swapIn();
  await place.sql(`CREATE VIEW ${table}_v AS SELECT a FROM ${table}`);
  await expect(run(steps.undoLoad, plan.target)).rejects.toThrow(
    `${place.schema}.mcp_${plan.target.id}_staging could not be dropped; drop it manually (`,
  );
  expect(await place.sql(`SELECT * FROM ${table}`)).toEqual([{ id: 1, a: '1' }]);
  expect(await own(plan)).toEqual(['staging']);
  await place.sql(`DROP VIEW ${table}_v`);
  await run(steps.undoLoad, plan.target);
  expect(await own(plan)).toEqual([]);
  expect(await place.sql(`SELECT * FROM ${table}`)).toEqual([{ id: 1, a: '1' }]);
});

test('a chunk does not wait for a lock forever', async () => {
  await place.sql(`CREATE TABLE ${table}_seen (lock_timeout text)`);
  await place.sql(
    `CREATE FUNCTION ${table}_look() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN INSERT INTO ${table}_seen VALUES (current_setting('lock_timeout')); RETURN NEW; END $$`,
  );
  await swapIn(async ({ target }) => {
    await place.sql(
      `CREATE TRIGGER look BEFORE INSERT ON ${place.schema}.mcp_${target.id}_ledger FOR EACH ROW EXECUTE FUNCTION ${table}_look()`,
    );
  });
  expect(await place.sql(`SELECT * FROM ${table}_seen`)).toEqual([{ lock_timeout: '1min' }]);
});

test('a session has the name of its load, even if the URL contains another name', async () => {
  const url = new URL(place.config.databases['default']!);
  url.searchParams.set('application_name', 'somebody');
  const session = await PostgresSession.open('default', url.href, 'id', {
    step: 'load',
    attempt: 3,
    signal: new AbortController().signal,
  });
  try {
    expect(await session.query('SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()')).toEqual([
      { application_name: 'mcp-tasks id load 3' },
    ]);
  } finally {
    await session.close();
  }
});

describe('the lines for COPY', () => {
  /** Returns the pieces of the rows of a query, without the first and last ones. */
  async function piecesOf(line: string, rows: number, [from, to] = [1, rows - 1]): Promise<Uint8Array[]> {
    const source = await SourceSession.open([], new AbortController().signal);
    try {
      const result = await source.stream(`SELECT ${line} FROM range(${rows}) t(i)`);
      const data = (await result.fetchChunk())!;
      expect(data.rowCount).toBe(rows);
      const pieces: Uint8Array[] = [];
      // oxlint-disable-next-line unicorn/consistent-function-scoping
      const batches = async function* (): AsyncGenerator<RowBatch> {
        yield await Promise.resolve({ data, from, to } as RowBatch);
      };
      for await (const piece of copyText(batches())) pieces.push(piece);
      return pieces;
    } finally {
      source.close();
    }
  }

  test.each([
    ['short and long ones', (i: number) => 'aü'.repeat((i * 7) % 20), `repeat('aü', ((i * 7) % 20)::INTEGER)`],
    ['short ones', (i: number) => String(i), `i::VARCHAR`],
    ['long ones', (i: number) => `a line of more than 12 bytes: ${i}`, `'a line of more than 12 bytes: ' || i`],
    ['one long one', (i: number) => (i === 1_000 ? 'x'.repeat(100) : ''), `repeat('x', if(i = 1000, 100, 0))`],
  ])('are those of the rows: %s', async (_, line, sql) => {
    const rows = 2_048;
    const expected = Array.from({ length: rows }, (_each, i) => `${line(i)}\n`).slice(1, -1);
    const pieces = await piecesOf(`${sql} || chr(10)`, rows);
    expect(Buffer.concat(pieces).toString()).toBe(expected.join(''));
    expect(pieces.length).toBeLessThan(rows);
  });

  test('are read in few pieces', async () => {
    expect((await piecesOf(`'a line of more than 12 bytes: ' || i`, 2_048)).length).toBeLessThan(20);
  });

  test('are sent in pieces if they are long', async () => {
    const pieces = await piecesOf(`repeat('x', 300000)`, 40);
    for (const piece of pieces) expect(piece.length).toBeLessThan(2 * 1024 * 1024);
    expect(Buffer.concat(pieces).length).toBe(38 * 300_000);
  });
});

test.each(['ü'.repeat(32), `${'x'.repeat(63)}y`])(
  'the length of a name is measured in bytes, as in PostgreSQL: %s',
  async (name) => {
    for (const long of [`${place.schema}.${name}`, `${name}.t`]) {
      await expect(run(steps.inspectSource, { ...args(), table: long })).rejects.toThrow(
        `"${name}" is too long: PostgreSQL names have at most 63 bytes`,
      );
    }
  },
);

describe('the checksum', () => {
  test('uses PostgreSQL’s own hash functions', async () => {
    expect((await swapIn()).source.hash).toBe('columns');
  });

  test('uses MD5 if an earlier version planned the load', async () => {
    const md5 = await inspectFiles(place.config.roots, args(), new AbortController().signal);
    const plan = await run(steps.inspectSource, args());
    const old: LoadPlan = { ...plan, source: md5 };
    expect(md5).not.toHaveProperty('hash');
    expect(md5.checksum).not.toBe(plan.source.checksum);
    await run(steps.createStaging, old);
    await run(steps.loadChunks, old);
    expect(await run(steps.verifyStaging, old)).toEqual({ rows: 1, checksum: md5.checksum });
    await run(steps.undoLoad, plan.target);
  });

  test.each([
    ['returns something else', `RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`],
    ['fails', `RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'not available'; END $$`],
  ])('uses MD5 if a hash function of the database %s', async (_, body) => {
    // Found before PostgreSQL's own function of that name.
    const other = `${place.schema}_hash`;
    await place.sql(`CREATE SCHEMA ${other}`);
    try {
      await place.sql(`CREATE FUNCTION ${other}.hashint8extended(bigint, bigint) ${body}`);
      const url = new URL(place.config.databases['default']!);
      url.searchParams.set('options', `-c search_path=${other},pg_catalog`);
      const theirs = loadActivities({ ...place.config, databases: { default: url.href } });
      const plan = await run(theirs.inspectSource, args());
      expect(plan.source).not.toHaveProperty('hash');
      await run(theirs.createStaging, plan);
      await run(theirs.loadChunks, plan);
      expect(await run(theirs.verifyStaging, plan)).toEqual({ rows: 1, checksum: plan.source.checksum });
      await run(theirs.undoLoad, plan.target);
    } finally {
      await place.sql(`DROP SCHEMA ${other} CASCADE`);
    }
  });
});

test('a plan that is too large for a history is refused', async () => {
  const plan = await run(steps.inspectSource, args());
  const [file] = plan.source.files;
  const files = Array.from({ length: 1_000 }, () => ({ ...file!, path: `/${'x'.repeat(2_000)}` }));
  expect(() => fitting({ ...plan, source: { ...plan.source, files } })).toThrow(
    'too much for one load: the source has 1000 files and 1 columns; load fewer files at a time',
  );
  expect(fitting(plan)).toBe(plan);
});
