/** A table that replaces another one has everything that that had, and an undo gives it back. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadActivities } from '../../src/tools/load/activities.js';
import type { LoadActivities, LoadArguments, LoadPlan } from '../../src/tools/load/types.js';
import { loadId } from '../../src/tools/target/names.js';
import { scratch, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let steps: LoadActivities;
let tasks = 0;
let table: string;
const role = `keeper_${process.pid}`;

beforeAll(async () => {
  place = await scratch();
  steps = loadActivities(place.config);
  await place.sql(`CREATE ROLE ${role}; GRANT ALL ON SCHEMA ${place.schema} TO ${role}`);
  await place.sql(`CREATE TABLE ${place.schema}.countries (code text PRIMARY KEY)`);
  await place.sql(`INSERT INTO ${place.schema}.countries VALUES ('DE'), ('FR')`);
  await place.sql(
    `CREATE FUNCTION ${place.schema}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
  );
  const header = 'id,serial,country,"Order no",amount,parent';
  await writeFile(join(place.root, 'new.csv'), `${header}\n5,50,DE,a-1,1.5,\n6,60,FR,a-2,2.5,5\n`);
  await writeFile(join(place.root, 'newer.csv'), `${header}\n7,70,DE,b-1,1.5,7\n`);
  for (const [name, row] of [
    ['twice', '5,50,DE,a-1,1.5,\n5,60,FR,a-2,2.5,'],
    ['foreign', '5,50,XX,a-1,1.5,'],
    ['negative', '5,50,DE,a-1,-1.5,'],
    ['empty', '5,50,,a-1,1.5,'],
    ['text', 'x5,50,DE,a-1,1.5,'],
  ])
    await writeFile(join(place.root, `${name}.csv`), `${header}\n${row}\n`);
  await writeFile(join(place.root, 'fewer.csv'), 'id,amount\n5,1.5\n');
});
afterAll(async () => {
  await place.close();
});
beforeEach(() => {
  table = `k${++tasks}`;
});

async function run<A, R>(activity: (args: A) => Promise<R>, args: A, task = 'one', attempt = 1): Promise<R> {
  return await new MockActivityEnvironment({
    attempt,
    workflowExecution: { workflowId: `${task}-${tasks}-${place.schema}`, runId: 'r' },
  }).run(activity, args);
}

async function swapIn(
  source: string,
  { task = 'one', keep = true }: { task?: string; keep?: boolean } = {},
): Promise<LoadPlan> {
  const args: LoadArguments = { source, database: 'default', table: name(), mode: 'replace', keep, chunkRows: 1_000 };
  const plan = await run(steps.inspectSource, args, task);
  for (const step of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables])
    await run<LoadPlan, unknown>(step, plan, task);
  return plan;
}

const name = (): string => `${place.schema}.${table}`;

async function standard(): Promise<void> {
  const s = place.schema;
  const statements = [
    `CREATE TABLE ${name()} (
      id bigint GENERATED ALWAYS AS IDENTITY (START 3 INCREMENT 1 CACHE 4) CONSTRAINT "${table} key" PRIMARY KEY,
      serial bigserial,
      country text NOT NULL DEFAULT 'DE' REFERENCES ${s}.countries ON DELETE CASCADE,
      "Order no" text CONSTRAINT "${table} no" UNIQUE DEFERRABLE INITIALLY DEFERRED,
      amount double precision CHECK (amount > 0),
      parent bigint REFERENCES ${name()}) WITH (fillfactor = 70, autovacuum_enabled = false)`,
    `CREATE INDEX "${table} At" ON ${name()} USING btree (lower(country), amount DESC NULLS LAST) INCLUDE (id) WHERE (amount > 1)`,
    `CREATE UNIQUE INDEX ${table}_u ON ${name()} ("Order no", country) WITH (fillfactor = 50)`,
    `ALTER TABLE ${name()} ADD CONSTRAINT ${table}_x EXCLUDE USING btree (serial WITH =)`,
    `ALTER TABLE ${name()} ADD CONSTRAINT ${table}_nv CHECK (amount < 1000) NOT VALID`,
    `CREATE TRIGGER noted BEFORE UPDATE OF amount ON ${name()} FOR EACH ROW WHEN (NEW.amount > 5) EXECUTE FUNCTION ${s}.note()`,
    `ALTER TABLE ${name()} DISABLE TRIGGER noted`,
    `CREATE POLICY own ON ${name()} AS RESTRICTIVE FOR SELECT TO ${role} USING (amount > 0 AND EXISTS (SELECT FROM ${name()} t WHERE t.id > 0))`,
    `ALTER TABLE ${name()} ENABLE ROW LEVEL SECURITY`,
    `COMMENT ON TABLE ${name()} IS 'It''s the table'`,
    `COMMENT ON COLUMN ${name()}."Order no" IS 'A column'`,
    `COMMENT ON INDEX ${s}.${table}_u IS 'An index'`,
    `COMMENT ON CONSTRAINT "${table} key" ON ${name()} IS 'A key'`,
    `COMMENT ON TRIGGER noted ON ${name()} IS 'A trigger'`,
    `COMMENT ON POLICY own ON ${name()} IS 'A policy'`,
    `ALTER TABLE ${name()} REPLICA IDENTITY FULL`,
    `ALTER TABLE ${name()} CLUSTER ON ${table}_u`,
    `GRANT SELECT, INSERT ON ${name()} TO ${role} WITH GRANT OPTION`,
    `GRANT UPDATE (amount) ON ${name()} TO PUBLIC`,
    `REVOKE TRUNCATE ON ${name()} FROM CURRENT_USER`,
    `INSERT INTO ${name()} ("Order no", amount) VALUES ('old', 1)`,
  ];
  for (const statement of statements) await place.sql(statement);
}

/** Describes everything about the table but its rows, as PostgreSQL prints it. */
async function description(): Promise<Record<string, unknown>> {
  const oid = `'${name()}'::regclass`;
  const list = async (sql: string): Promise<unknown[]> => await place.sql(sql);
  return {
    table: await list(
      `SELECT pg_get_userbyid(relowner) AS owner, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) a) AS acl, reloptions, relreplident, relrowsecurity, obj_description(oid) AS comment FROM pg_class WHERE oid = ${oid}`,
    ),
    columns: await list(
      `SELECT attname, attnotnull, attidentity, attacl::text, col_description(attrelid, attnum) AS comment, format_type(atttypid, atttypmod) AS type,
         (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum) AS "default",
         pg_get_serial_sequence('${name()}', attname) AS sequence
       FROM pg_attribute WHERE attrelid = ${oid} AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    ),
    sequence: await list(
      `SELECT seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence('${name()}', 'id')::regclass`,
    ),
    indexes: await list(
      `SELECT pg_get_indexdef(indexrelid) AS def, indisclustered, obj_description(indexrelid) AS comment FROM pg_index WHERE indrelid = ${oid} ORDER BY 1`,
    ),
    constraints: await list(
      `SELECT conname, pg_get_constraintdef(oid) AS def, obj_description(oid) AS comment FROM pg_constraint WHERE conrelid = ${oid} ORDER BY 1`,
    ),
    triggers: await list(
      `SELECT pg_get_triggerdef(oid) AS def, tgenabled, obj_description(oid) AS comment FROM pg_trigger WHERE tgrelid = ${oid} AND NOT tgisinternal ORDER BY 1`,
    ),
    policies: await list(
      `SELECT p.*, obj_description(c.oid) AS comment FROM pg_policies p JOIN pg_policy c ON c.polname = p.policyname WHERE c.polrelid = ${oid} AND p.tablename = '${table}'`,
    ),
  };
}

/** Returns the names of all relations of the load that are left. */
async function left(): Promise<string[]> {
  const rows = await place.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = '${place.schema}'::regnamespace AND relname LIKE 'mcp%' ORDER BY 1`,
  );
  const ids = ['one', 'two', 'a', 'b'].map((task) => loadId(`${task}-${tasks}-${place.schema}`));
  return rows.map((row) => row.name).filter((each) => ids.some((id) => each.includes(id)));
}

const numbers = async (): Promise<string[]> =>
  (await place.sql<{ no: string }>(`SELECT "Order no" AS no FROM ${name()} ORDER BY 1`)).map(({ no }) => no);

describe('the new table', () => {
  test('has everything of the old one, and continues its sequences', async () => {
    await standard();
    const before = await description();
    const { target } = await swapIn('new.csv');
    expect(await description()).toEqual(before);
    expect(await numbers()).toEqual(['a-1', 'a-2']);
    await run(steps.settleLoad, target);
    expect(await description()).toEqual(before);
    expect(await left()).toEqual([]);
    expect(
      await place.sql(
        `INSERT INTO ${name()} ("Order no", amount) VALUES ('next', 1) RETURNING id::int, serial::int, country`,
      ),
    ).toEqual([{ id: 7, serial: 61, country: 'DE' }]);
    await expect(place.sql(`INSERT INTO ${name()} (country, amount) VALUES ('XX', 1)`)).rejects.toThrow('foreign key');
  });

  test('has the owner of the old one, if that is another role of the user', async () => {
    await standard();
    await place.sql(`ALTER TABLE ${name()} OWNER TO ${role}`);
    const before = await description();
    const { target } = await swapIn('new.csv');
    expect(await description()).toEqual(before);
    await run(steps.settleLoad, target);
    expect(await left()).toEqual([]);
  });

  test('has no grants that only default privileges would give it', async () => {
    await place.sql(`CREATE TABLE ${name()} (id bigint)`);
    await place.sql(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${place.schema} GRANT SELECT ON TABLES TO PUBLIC`);
    try {
      await writeFile(join(place.root, 'id.csv'), 'id\n1\n');
      await swapIn('id.csv');
      expect(await place.sql(`SELECT has_table_privilege('${role}', '${name()}', 'SELECT') AS may`)).toEqual([
        { may: false },
      ]);
    } finally {
      await place.sql(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${place.schema} REVOKE SELECT ON TABLES FROM PUBLIC`);
    }
  });

  test('is as before if a retry finds that it was swapped in', async () => {
    await standard();
    const before = await description();
    const plan = await swapIn('new.csv');
    await run(steps.swapTables, plan, 'one', 2);
    expect(await description()).toEqual(before);
  });

  test('can lose all of it if the caller wants that', async () => {
    await standard();
    const { target } = await swapIn('fewer.csv', { keep: false });
    expect(await description()).toMatchObject({ indexes: [], constraints: [], triggers: [], policies: [] });
    await run(steps.undoLoad, target);
    expect(await numbers()).toEqual(['old']);
  });
});

describe('an undo', () => {
  test('gives the old table its names back', async () => {
    await standard();
    const before = await description();
    const { target } = await swapIn('new.csv');
    await run(steps.undoLoad, target);
    expect(await description()).toEqual(before);
    expect(await numbers()).toEqual(['old']);
    expect(await left()).toEqual([]);
    await place.sql(`INSERT INTO ${name()} ("Order no", amount) VALUES ('next', 1)`);
  });

  test('before the swap leaves nothing', async () => {
    await standard();
    const before = await description();
    await expect(swapIn('twice.csv')).rejects.toThrow('the new table can');
    await expect(swapIn('negative.csv', { task: 'two' })).rejects.toThrow('the new table can');
    expect(await description()).toEqual(before);
    for (const task of ['one', 'two']) {
      const args: LoadArguments = {
        source: 'new.csv',
        database: 'default',
        table: name(),
        mode: 'replace',
        keep: true,
        chunkRows: 1_000,
      };
      await run(steps.undoLoad, (await run(steps.inspectSource, args, task)).target, task);
    }
    expect(await left()).toEqual([]);
    expect(await description()).toEqual(before);
  });

  test.each([
    { order: 'undo the first, settle the second', undoA: true, undoB: false, rows: ['b-1'] },
    { order: 'settle the first, undo the second', undoA: false, undoB: true, rows: ['a-1', 'a-2'] },
    { order: 'undo both', undoA: true, undoB: true, rows: ['old'] },
    { order: 'settle both', undoA: false, undoB: false, rows: ['b-1'] },
  ])('of one of two loads that have replaced the table: $order', async ({ undoA, undoB, rows }) => {
    await standard();
    const before = await description();
    const a = await swapIn('new.csv', { task: 'a' });
    const b = await swapIn('newer.csv', { task: 'b' });
    expect(await description()).toEqual(before);
    await run(undoA ? steps.undoLoad : steps.settleLoad, a.target, 'a');
    await run(undoB ? steps.undoLoad : steps.settleLoad, b.target, 'b');
    expect(await numbers()).toEqual(rows);
    expect(await description()).toEqual(before);
    expect(await left()).toEqual([]);
  });
});

describe('in a DuckDB file', () => {
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
  const all = async (): Promise<unknown> => [
    await rows(
      `SELECT column_name, column_default, is_nullable, comment FROM duckdb_columns() WHERE table_name = '${table}'`,
    ),
    await rows(`SELECT constraint_text FROM duckdb_constraints() WHERE table_name = '${table}' ORDER BY 1`),
    await rows(`SELECT index_name, sql, comment FROM duckdb_indexes() WHERE table_name = '${table}' ORDER BY 1`),
    await rows(
      `SELECT table_name, comment FROM duckdb_tables() WHERE table_name = '${table}' OR table_name LIKE 'mcp%'`,
    ),
  ];
  const ids = async (): Promise<unknown> => (await rows(`SELECT id FROM ${table} ORDER BY 1`)).flat();
  async function standardFile(): Promise<void> {
    for (const sql of [
      `CREATE TABLE ${table} (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL DEFAULT 'it''s', n BIGINT CHECK (n > 0), UNIQUE (n))`,
      `CREATE INDEX ${table}_i ON ${table} (lower(name))`,
      `CREATE UNIQUE INDEX "${table} u" ON ${table} (name, n)`,
      `COMMENT ON TABLE ${table} IS 'It''s the table'`,
      `COMMENT ON COLUMN ${table}.name IS 'A column'`,
      `COMMENT ON INDEX ${table}_i IS 'An index'`,
      `INSERT INTO ${table} VALUES (0, 'old', 9)`,
    ])
      await rows(sql);
    for (const [source, id] of [
      ['da.csv', 1],
      ['db.csv', 2],
    ] as const)
      await writeFile(join(place.root, source), `id,name,n\n${id},x,1\n`);
  }
  async function replace(source: string, task: string, keep = true): Promise<LoadPlan> {
    const args: LoadArguments = { source, database: 'file', table, mode: 'replace', keep, chunkRows: 1_000 };
    const plan = await run(steps.inspectSource, args, task);
    for (const step of [steps.createStaging, steps.loadChunks, steps.verifyStaging, steps.swapTables, steps.swapTables])
      await run<LoadPlan, unknown>(step, plan, task);
    return plan;
  }

  test.each([
    { order: 'undo the first, settle the second', undoA: true, undoB: false, left: ['2'] },
    { order: 'settle the first, undo the second', undoA: false, undoB: true, left: ['1'] },
    { order: 'undo both', undoA: true, undoB: true, left: ['0'] },
    { order: 'settle both', undoA: false, undoB: false, left: ['2'] },
  ])('constraints, defaults, indexes and comments are kept: $order', async ({ undoA, undoB, left: rest }) => {
    await standardFile();
    const before = await all();
    const a = await replace('da.csv', 'a');
    const b = await replace('db.csv', 'b');
    await run(undoA ? steps.undoLoad : steps.settleLoad, a.target, 'a');
    await run(undoB ? steps.undoLoad : steps.settleLoad, b.target, 'b');
    expect(await ids()).toEqual(rest);
    expect(await all()).toEqual(before);
  });

  test.each([
    ['id,name,n\n1,x,1\n1,y,2\n', /^database "file": .*[Dd]uplicate key/],
    ['id,name,n\n1,x,-1\n', /^database "file": .*CHECK constraint failed/],
    ['id,name\n1,x\n', /can't be replaced without losing .*UNIQUE\(n\) \(column "n"\)/],
  ])('the old table stays if the new one breaks a rule: %j', async (csv, message) => {
    await standardFile();
    const before = await all();
    await writeFile(join(place.root, 'dbad.csv'), csv);
    await expect(replace('dbad.csv', 'one')).rejects.toThrow(message);
    const args: LoadArguments = {
      source: 'dbad.csv',
      database: 'file',
      table,
      mode: 'replace',
      keep: true,
      chunkRows: 1_000,
    };
    await run(steps.undoLoad, (await run(steps.inspectSource, args)).target);
    expect(await ids()).toEqual(['0']);
    expect(await all()).toEqual(before);
  });

  test('a table with indexes can also be replaced without them, and undone', async () => {
    await standardFile();
    const before = await all();
    const { target } = await replace('da.csv', 'one', false);
    expect(await rows(`SELECT count(*) FROM duckdb_indexes() WHERE table_name = '${table}'`)).toEqual([['0']]);
    await run(steps.undoLoad, target);
    expect(await all()).toEqual(before);
  });
});

describe('the load fails, and the old table stays,', () => {
  test.each([
    ['a key occurs twice', 'twice.csv', /^the new table can't have index "k\d+ key" of the old one: .*unique index/],
    [
      'a foreign key has no match',
      'foreign.csv',
      /can't have constraint .*country_fkey.* of the old one: .*foreign key/,
    ],
    ['a check fails', 'negative.csv', /can't have constraint .*amount_check.* of the old one: .*check constraint/],
    ['a value is missing', 'empty.csv', /can't have NOT NULL of column country of the old one: .*null values/],
    [
      'an identity column is text',
      'text.csv',
      /can't have identity column "id" of the old one: .*identity column type/,
    ],
    [
      'columns are missing',
      'fewer.csv',
      /can't be replaced without losing constraint .*load the columns that these need, or set `keep` to false/,
    ],
  ])('if %s', async (_, source, message) => {
    await standard();
    const before = await description();
    await expect(swapIn(source)).rejects.toThrow(message);
    expect(await description()).toEqual(before);
    expect(await numbers()).toEqual(['old']);
  });

  test.each([
    [
      'a computed column',
      (t: string) => [`ALTER TABLE ${t} ADD c bigint GENERATED ALWAYS AS (id + 1) STORED`],
      'the computed column c',
    ],
    ['statistics', (t: string) => [`CREATE STATISTICS ${t}_s ON id, c FROM ${t}`], 'statistics'],
    ['a publication', (t: string) => [`CREATE PUBLICATION "${t}" FOR TABLE ${t}`], 'its place in publication'],
    ['a parent', (t: string) => [`CREATE TABLE ${t}_p (id bigint)`, `ALTER TABLE ${t} INHERIT ${t}_p`], 'its place in'],
    ['no log', (t: string) => [`ALTER TABLE ${t} SET UNLOGGED`], 'being unlogged'],
  ])('if it would lose %s', async (what, sql, message) => {
    await place.sql(`CREATE TABLE ${name()} (id bigint${what === 'a computed column' ? '' : ', c bigint'})`);
    for (const statement of sql(name())) await place.sql(statement);
    await writeFile(join(place.root, 'c.csv'), 'id,c\n1,2\n');
    await expect(swapIn('c.csv')).rejects.toThrow(`${name()} can't be replaced without losing ${message}`);
    if (what === 'a publication') await place.sql(`DROP PUBLICATION "${name()}"`);
  });
});
