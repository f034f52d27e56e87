/** `upsert` adds each row exactly once, changes no value, and can be undone until the task has ended. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadActivities, LoadArguments, LoadPlan, MergeCounts } from '../../src/tools/load/types.js';
import { failureText, loader, scratch, until, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let steps: LoadActivities;
let tasks = 0;
let table: string;

beforeAll(async () => {
  place = await scratch();
  steps = loadActivities(place.config);
  await writeFile(join(place.root, 'new.csv'), 'id,name\n2,two\n3,three\n');
});
afterAll(async () => await place.close());
beforeEach(() => {
  table = `t${++tasks}`;
});

async function duckdb(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.fromCache(join(place.root, 'target.duckdb'));
  const connection = await instance.connect();
  try {
    return await (await connection.run(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface Engine {
  readonly database: string;
  /** The table's name in SQL and in calls. */
  name(): string;
  sql(text: string): Promise<unknown>;
  rows(text: string): Promise<unknown[][]>;
  own(): Promise<unknown[][]>;
}

const ENGINES: Record<string, Engine> = {
  postgres: {
    database: 'default',
    name: () => `${place.schema}.${table}`,
    sql: async (text) => await place.sql(text),
    rows: async (text) => (await place.sql<Record<string, unknown>>(text)).map((row) => Object.values(row).map(String)),
    own: async () =>
      (
        await place.sql<{ t: string }>(
          `SELECT tablename AS t FROM pg_tables WHERE schemaname = $1 AND tablename LIKE 'mcp%'`,
          [place.schema],
        )
      ).map(({ t }) => [t]),
  },
  duckdb: {
    database: 'file',
    name: () => table,
    sql: duckdb,
    rows: async (text) => (await duckdb(text)).map((row) => row.map(String)),
    own: async () => await duckdb(`SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'mcp%'`),
  },
};

async function run<A, R>(activity: (args: A) => Promise<R>, args: A, attempt = 1): Promise<R> {
  return await new MockActivityEnvironment({
    attempt,
    workflowExecution: { workflowId: `upsert-${tasks}-${place.schema}`, runId: 'r' },
  }).run(activity, args);
}

describe.each(['postgres', 'duckdb'])('%s', (kind) => {
  const engine = ENGINES[kind]!;
  const args = (more: Partial<LoadArguments> = {}): LoadArguments => ({
    source: 'new.csv',
    database: engine.database,
    table: engine.name(),
    mode: 'upsert',
    key: ['id'],
    chunkRows: 1_000,
    ...more,
  });
  const rows = async (): Promise<unknown[][]> => await engine.rows(`SELECT * FROM ${engine.name()} ORDER BY 1`);

  async function merge(
    more: Partial<LoadArguments> = {},
  ): Promise<{ plan: LoadPlan; counts: MergeCounts | undefined }> {
    const plan = await run(steps.inspectSource, args(more));
    await run(steps.createStaging, plan);
    await run(steps.loadChunks, plan);
    await run(steps.verifyStaging, plan);
    return { plan, counts: await run(steps.swapTables, plan) };
  }

  async function standard(): Promise<void> {
    await engine.sql(
      `CREATE TABLE ${engine.name()} (id integer PRIMARY KEY, name varchar(20) NOT NULL, n integer DEFAULT 7)`,
    );
    await engine.sql(`INSERT INTO ${engine.name()} VALUES (1, 'one', 1), (2, 'old', 2)`);
  }

  test('rows with an existing key are replaced, others inserted, and other columns keep their values', async () => {
    await standard();
    const { plan, counts } = await merge();
    expect(counts).toEqual({ inserted: 1, updated: 1 });
    // A retry does nothing, and reports the same.
    await engine.sql(`UPDATE ${engine.name()} SET name = 'later' WHERE id = 3`);
    expect(await run(steps.swapTables, plan, 2)).toEqual({ inserted: 1, updated: 1 });
    await run(steps.settleLoad, plan.target);
    expect(await rows()).toEqual([
      ['1', 'one', '1'],
      ['2', 'two', '2'],
      ['3', 'later', '7'],
    ]);
    expect(await engine.own()).toEqual([]);
  });

  test('the undo restores replaced rows and removes new ones, except those that someone has changed since', async () => {
    await standard();
    await writeFile(join(place.root, 'more.csv'), 'id,name\n2,two\n3,three\n4,four\n1,uno\n');
    const { plan } = await merge({ source: 'more.csv' });
    await engine.sql(`UPDATE ${engine.name()} SET name = 'changed' WHERE id IN (1, 4)`);
    await run(steps.undoLoad, plan.target);
    expect(await rows()).toEqual([
      ['1', 'changed', '1'],
      ['2', 'old', '2'],
      ['4', 'changed', '7'],
    ]);
    expect(await engine.own()).toEqual([]);
    await run(steps.undoLoad, plan.target);
  });

  test('an undo before the merge leaves the table as it is', async () => {
    await standard();
    const plan = await run(steps.inspectSource, args());
    await run(steps.createStaging, plan);
    await run(steps.loadChunks, plan);
    await run(steps.undoLoad, plan.target);
    expect(await rows()).toEqual([
      ['1', 'one', '1'],
      ['2', 'old', '2'],
    ]);
    expect(await engine.own()).toEqual([]);
  });

  test('concurrent attempts merge once', async () => {
    await engine.sql(`CREATE TABLE ${engine.name()} (id bigint PRIMARY KEY, n bigint)`);
    await writeFile(join(place.root, 'n.csv'), `id,n\n${Array.from({ length: 5_000 }, (_, i) => `${i},1\n`).join('')}`);
    await engine.sql(`INSERT INTO ${engine.name()} VALUES (1, 0)`);
    const plan = await run(steps.inspectSource, args({ source: 'n.csv' }));
    await run(steps.createStaging, plan);
    await run(steps.loadChunks, plan);
    const counts = await Promise.all([run(steps.swapTables, plan), run(steps.swapTables, plan)]);
    expect(counts).toEqual(Array.from({ length: 2 }, () => ({ inserted: 4_999, updated: 1 })));
    await engine.sql(`UPDATE ${engine.name()} SET n = 2`);
    for (const attempt of [2, 3]) await run(steps.swapTables, plan, attempt);
    expect(await engine.rows(`SELECT count(*), min(n), max(n) FROM ${engine.name()}`)).toEqual([['5000', '2', '2']]);
    await run(steps.settleLoad, plan.target);
  });

  test('a key of several columns, and a table that consists of its key', async () => {
    await engine.sql(`CREATE TABLE ${engine.name()} (b varchar(9), a integer, UNIQUE (b, a))`);
    await engine.sql(`INSERT INTO ${engine.name()} VALUES ('x', 1)`);
    await writeFile(join(place.root, 'pairs.csv'), 'a,b\n1,x\n1,y\n2,x\n');
    const { plan, counts } = await merge({ source: 'pairs.csv', key: ['a', 'b'] });
    expect(counts).toEqual({ inserted: 2, updated: 1 });
    await run(steps.undoLoad, plan.target);
    expect(await rows()).toEqual([['x', '1']]);
  });

  const refused: [string, string, string, Partial<LoadArguments>, string][] = [
    [
      'a value would be rounded',
      'id integer PRIMARY KEY, n numeric(5,1)',
      'id,n\n1,1.25\n',
      {},
      '"1.25" would change; choose a type',
    ],
    [
      'a value would be cut',
      'id integer PRIMARY KEY, name varchar(3)',
      'id,name\n1,four\n',
      {},
      kind === 'duckdb' ? '' : '"four" would change',
    ],
    [
      'a value does not fit',
      'id smallint PRIMARY KEY',
      'id\n70000\n',
      {},
      kind === 'duckdb' ? '"70000" would change' : 'smallint out of range',
    ],
    ['a key occurs twice', 'id integer PRIMARY KEY', 'id\n1\n2\n1\n', {}, 'key: 2 rows of the source have the key 1'],
    ['a key is missing', 'id integer PRIMARY KEY, n integer', 'id,n\n1,1\n,2\n', {}, 'key: a row has no value in "id"'],
    [
      'a column is unknown',
      'id integer PRIMARY KEY, names text',
      'id,name\n1,x\n',
      {},
      'has no column "name", only "id", "names"; leave it out with `columns`, or rename it in the source, such as "names"',
    ],
    ['a column is needed', 'id integer PRIMARY KEY, n integer NOT NULL', 'id\n1\n', {}, 'column "n" of'],
    [
      'a column is computed',
      'id integer PRIMARY KEY, n integer GENERATED ALWAYS AS (id + 1) STORED',
      'id,n\n1,2\n',
      {},
      kind === 'duckdb' ? '' : 'generates the values of column "n" itself',
    ],
    [
      'the key is not unique',
      'id integer PRIMARY KEY, n integer, UNIQUE (n, id)',
      'id,n\n1,2\n',
      { key: ['n'] },
      'key: ["n"] must be the columns of a primary key or unique index of',
    ],
    [
      'the key is not loaded',
      'id integer PRIMARY KEY, n integer',
      'id,n\n1,2\n',
      { columns: ['n'] },
      'the loaded rows have no column "id"',
    ],
    ['there is no key', 'id integer PRIMARY KEY', 'id\n1\n', { key: undefined }, 'mode "upsert" needs `key`'],
  ];
  test.each(refused.filter(([, , , , message]) => message !== ''))(
    'the table is unchanged if %s',
    async (_, definition, csv, more, message) => {
      await engine.sql(`CREATE TABLE ${engine.name()} (${definition})`);
      await writeFile(join(place.root, 'bad.csv'), csv);
      await expect(merge({ source: 'bad.csv', ...more })).rejects.toThrow(message);
      expect(await engine.rows(`SELECT count(*) FROM ${engine.name()}`)).toEqual([['0']]);
    },
  );

  test('a table that does not exist is not created', async () => {
    await expect(merge()).rejects.toThrow(/does not exist.*use mode "create" to create it/);
  });

  test('a key without `upsert` is refused', async () => {
    await expect(merge({ mode: 'replace' })).rejects.toThrow('mode "replace" takes no `key`');
  });
});

describe('PostgreSQL', () => {
  const name = (): string => `${place.schema}.${table}`;
  async function merge(source: string, more: Partial<LoadArguments> = {}): Promise<LoadPlan> {
    const args: LoadArguments = {
      source,
      database: 'default',
      table: name(),
      mode: 'upsert',
      key: ['id'],
      chunkRows: 1_000,
      ...more,
    };
    const plan = await run(steps.inspectSource, args);
    for (const step of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables])
      await run<LoadPlan, unknown>(step, plan);
    return plan;
  }

  test('identity and serial columns go on after the loaded keys', async () => {
    await place.sql(
      `CREATE TABLE ${name()} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, name text,
         down bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1))`,
    );
    await writeFile(join(place.root, 'ids.csv'), 'id,s,name,down\n10,20,x,-3\n9,19,y,-2\n');
    const plan = await merge('ids.csv');
    await run(steps.settleLoad, plan.target);
    expect(await place.sql(`INSERT INTO ${name()} (name) VALUES ('y') RETURNING id::int, s, down::int`)).toEqual([
      { id: 11, s: 21, down: -4 },
    ]);
  });

  test('JSON, enums, timestamps and numbers become values of the table’s types', async () => {
    await place.sql(`CREATE TYPE ${name()}_mood AS ENUM ('happy', 'sad')`);
    await place.sql(
      `CREATE TABLE ${name()} (id smallint PRIMARY KEY, doc jsonb, mood ${name()}_mood, at timestamptz, price numeric(8,2), code text)`,
    );
    await writeFile(
      join(place.root, 'typed.ndjson'),
      `{"id":1,"doc":{"b":1,"a":[1.25]},"mood":"sad","at":"2024-01-01T10:00:00Z","price":5,"code":12}\n`,
    );
    await merge('typed.ndjson');
    expect(await place.sql(`SELECT id, doc::text, mood::text, at::text, price, code FROM ${name()}`)).toEqual([
      { id: 1, doc: '{"a": [1.25], "b": 1}', mood: 'sad', at: '2024-01-01 10:00:00+00', price: '5.00', code: '12' },
    ]);
  });

  test('a partitioned table, and its undo', async () => {
    await place.sql(`CREATE TABLE ${name()} (id integer PRIMARY KEY, name text) PARTITION BY RANGE (id)`);
    await place.sql(`CREATE TABLE ${name()}_low PARTITION OF ${name()} FOR VALUES FROM (0) TO (3)`);
    await place.sql(`CREATE TABLE ${name()}_high PARTITION OF ${name()} FOR VALUES FROM (3) TO (10)`);
    await place.sql(`INSERT INTO ${name()} VALUES (2, 'old')`);
    const plan = await merge('new.csv');
    expect(await place.sql(`SELECT * FROM ${name()} ORDER BY 1`)).toEqual([
      { id: 2, name: 'two' },
      { id: 3, name: 'three' },
    ]);
    await run(steps.undoLoad, plan.target);
    expect(await place.sql(`SELECT * FROM ${name()}`)).toEqual([{ id: 2, name: 'old' }]);
  });

  test('a missing privilege is reported before anything is read', async () => {
    const role = `${place.schema}_reader`;
    await place.sql(`CREATE TABLE ${name()} (id integer PRIMARY KEY, name text)`);
    await place.sql(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA ${place.schema} TO ${role}; GRANT SELECT, INSERT ON ${name()} TO ${role}`,
    );
    const url = new URL(place.config.databases['default']!);
    url.username = role;
    url.password = 'x';
    try {
      const theirs = loadActivities({ ...place.config, databases: { default: url.href } });
      const args: LoadArguments = {
        source: 'none.csv',
        database: 'default',
        table: name(),
        mode: 'upsert',
        key: ['id'],
        chunkRows: 1_000,
      };
      await expect(run(theirs.inspectSource, args)).rejects.toThrow(
        `the database user needs the privileges UPDATE, DELETE on ${name()}`,
      );
    } finally {
      await place.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe('as a task', () => {
  let loads: Loader;
  beforeAll(async () => {
    loads = await loader(place.config);
  });
  afterAll(async () => await loads.close());

  test('it reports what it did', async () => {
    await place.sql(`CREATE TABLE ${place.schema}.${table} (id integer PRIMARY KEY, name text)`);
    const call = { source: 'new.csv', table: `${place.schema}.${table}`, mode: 'upsert', key: ['id'] } as const;
    expect(await loads.load(call)).toMatchObject({ rowsIn: 2, rowsOut: 2, rowsInserted: 2, rowsUpdated: 0 });
    expect(await loads.load(call)).toMatchObject({ rowsIn: 2, rowsOut: 2, rowsInserted: 0, rowsUpdated: 2 });
    expect(await place.count(`${place.schema}.${table}`)).toEqual({ rows: 2, twice: 0 });
  });

  test('a task that is cancelled after the merge leaves the table as it was', async () => {
    const name = `${place.schema}.${table}`;
    await place.sql(`CREATE TABLE ${name} (id integer PRIMARY KEY, name text)`);
    await place.sql(`INSERT INTO ${name} VALUES (2, 'old')`);
    let merged = (): void => {};
    const isMerged = new Promise<void>((resolve) => (merged = resolve));
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = await loader(place.config, {
      async swapTables(plan: LoadPlan) {
        const counts = await steps.swapTables(plan);
        merged();
        await released;
        return counts;
      },
    });
    try {
      const handle = await slow.start({ source: 'new.csv', table: name, mode: 'upsert', key: ['id'] });
      await isMerged;
      expect(await place.count(name)).toEqual({ rows: 2, twice: 0 });
      await handle.cancel();
      release();
      expect(failureText(await handle.result().catch((e: unknown) => e))).toMatch(/cancel/i);
      await until(async () => (await place.count(name)).rows === 1, 'the undo');
      expect(await place.sql(`SELECT * FROM ${name}`)).toEqual([{ id: 2, name: 'old' }]);
    } finally {
      release();
      await slow.close();
    }
  });

  test('the merge waits for a writer at most as long as a swap, and then succeeds', async () => {
    const name = `${place.schema}.${table}`;
    await place.sql(`CREATE TABLE ${name} (id integer PRIMARY KEY, name text)`);
    const writer = new Client({ connectionString: place.config.databases['default'] });
    await writer.connect();
    try {
      await writer.query(`BEGIN; INSERT INTO ${name} VALUES (3, 'theirs')`);
      const handle = await loads.start({ source: 'new.csv', table: name, mode: 'upsert', key: ['id'] });
      await until(
        async () =>
          (
            await place.sql(`SELECT FROM pg_stat_activity WHERE wait_event = 'relation' AND query LIKE $1`, [
              `LOCK TABLE%${table}"%`,
            ])
          ).length > 0,
        'the merge to wait',
      );
      await writer.query('COMMIT');
      expect(await handle.result()).toMatchObject({ rowsInserted: 1, rowsUpdated: 1 });
    } finally {
      await writer.end();
    }
    expect(await place.sql(`SELECT * FROM ${name} ORDER BY 1`)).toEqual([
      { id: 2, name: 'two' },
      { id: 3, name: 'three' },
    ]);
  });
});
