import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureText, FLIGHTS, loader, scratch, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let tasks: Loader;

beforeAll(async () => {
  place = await scratch();
  tasks = await loader(place.config);
  await copyFile(FLIGHTS, join(place.root, 'flights.parquet'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const [name, options] of [
    ['s.csv', ''],
    ['s.tsv', `DELIMITER '\t'`],
    ['s.csv.gz', ''],
    ['s.json', 'ARRAY true'],
    ['s.ndjson', ''],
    ['s.parquet', ''],
  ]) {
    const format = name!.includes('json')
      ? 'FORMAT json'
      : name!.endsWith('parquet')
        ? 'FORMAT parquet'
        : 'FORMAT csv, HEADER true';
    await connection.run(
      `COPY (${SAMPLE}) TO '${join(place.root, name!)}' (${[format, options].filter(Boolean).join(', ')})`,
    );
  }
  connection.closeSync();
});

afterAll(async () => {
  await tasks.close();
  await place.close();
});

// Text that needs quoting, NULLs, and every ID twice.
const SAMPLE = `
  SELECT i % 3000 AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE 'say "' || i % 3000 || '", ' || chr(10) || chr(9) || '\\N ü 🦆' END AS note, i % 2 = 0 AS even,
    (i % 3000) / 8 AS share, DATE '2024-02-29' + (i % 3000)::INTEGER AS day
  FROM range(6000) t(i)`;

test('three million rows arrive, each exactly once', async () => {
  const table = `${place.schema}.flights`;
  const result = await tasks.load({ source: 'flights.parquet', table });
  expect(result).toMatchObject({
    table,
    rowsIn: 3_000_000,
    rowsOut: 3_000_000,
    chunks: 30,
    chunksRedone: 0,
    attempts: 1,
    files: 1,
  });
  // The input has identical rows, which must not be dropped as duplicates.
  expect(await place.count(table)).toEqual({ rows: 3_000_000, twice: 191 });
  expect(await place.tables()).toEqual(['flights']);
}, 180_000);

test('the history does not grow with the number of chunks', async () => {
  const lines = Array.from({ length: 2_000 }, (_, i) => `${i}\n`).join('');
  await writeFile(join(place.root, 'many.csv'), `n\n${lines}`);
  const load = async (chunkRows: number): Promise<{ chunks: number; activities: string[]; events: number }> => {
    const handle = await tasks.start({ source: 'many.csv', table: `${place.schema}.many_${chunkRows}`, chunkRows });
    const { chunks } = await handle.result();
    const events = (await handle.fetchHistory()).events ?? [];
    const activities = events.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    return { chunks, activities, events: events.length };
  };
  const activities = ['inspectSource', 'createStaging', 'loadChunks', 'verifyStaging', 'swapTables'];
  const few = await load(2_000);
  const many = await load(1);
  expect([few, many]).toMatchObject([
    { chunks: 1, activities },
    { chunks: 2_000, activities },
  ]);
  // Temporal warns at 10,240 events. A busy worker may repeat a workflow task, which adds a few.
  expect(Math.max(few.events, many.events)).toBeLessThan(100);
}, 120_000);

describe.each(['default', 'file'])('into database "%s"', (database) => {
  test('a file of 600 columns', async () => {
    const cells = (of: (i: number) => string): string => Array.from({ length: 600 }, (_, i) => of(i)).join(',');
    await writeFile(
      join(place.root, 'wide.csv'),
      `${cells((i) => `c${i}`)}\n${cells((i) => (i % 2 ? 'x' : `${i}`))}\n`,
    );
    const table = `${database === 'default' ? place.schema : 'main'}.wide`;
    expect(await tasks.load({ source: 'wide.csv', database, table })).toMatchObject({ rowsIn: 1, rowsOut: 1 });
    const [row] = await rows(database, `SELECT c598, c599 FROM ${table}`);
    expect({ ...row, c598: Number(row?.['c598']) }).toEqual({ c598: 598, c599: 'x' });
  });

  test.each(['s.csv', 's.tsv', 's.csv.gz', 's.json', 's.ndjson', 's.parquet'])('%s', async (source) => {
    const table = `${database === 'default' ? place.schema : 'main'}.${source.replaceAll('.', '_')}`;
    const result = await tasks.load({ source, database, table, chunkRows: 1_000 });
    expect(result).toMatchObject({ rowsIn: 6_000, rowsOut: 6_000, chunks: 6, chunksRedone: 0 });
    const [row] = await rows(
      database,
      `SELECT id, note, even, share, day::text AS day FROM ${table} WHERE id = 5 LIMIT 1`,
    );
    expect({ ...row, id: Number(row?.['id']) }).toEqual({
      id: 5,
      note: 'say "5", \n\t\\N ü 🦆',
      even: false,
      share: 0.625,
      day: '2024-03-05',
    });
    const [counted] = await rows(
      database,
      `SELECT count(*) AS rows, count(note) AS notes, count(DISTINCT id) AS ids FROM ${table}`,
    );
    expect(Object.values(counted!).map(Number)).toEqual([6_000, 5_142, 3_000]);
  });
});

async function rows(database: string, sql: string): Promise<Record<string, unknown>[]> {
  if (database === 'default') return await place.sql(sql);
  const instance = await DuckDBInstance.fromCache(place.config.databases['file']!.slice('duckdb:'.length));
  const connection = await instance.connect();
  try {
    return await (await connection.run(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('"create" refuses an existing table, "replace" replaces it', async () => {
  await writeFile(join(place.root, 'one.csv'), 'a\n1\n');
  const table = `${place.schema}.again`;
  await place.sql(`CREATE TABLE ${table} (old text)`);
  expect(failureText(await tasks.load({ source: 'one.csv', table }).catch((e: unknown) => e))).toBe(
    `${table} exists; use mode "replace" to put the new table in its place`,
  );
  await tasks.load({ source: 'one.csv', table, mode: 'replace' });
  await tasks.load({ source: 'one.csv', table, mode: 'replace' });
  expect(await place.sql(`SELECT * FROM ${table}`)).toEqual([{ a: '1' }]);
});

test('a table that other objects depend on is not replaced', async () => {
  const table = `${place.schema}.viewed`;
  await place.sql(`CREATE TABLE ${table} (a int PRIMARY KEY, b int REFERENCES ${table}, CHECK (a > b))`);
  await place.sql(`CREATE VIEW ${place.schema}.v AS SELECT a FROM ${table}`);
  const failed = await tasks.load({ source: 'one.csv', table, mode: 'replace' }).catch((e: unknown) => e);
  expect(failureText(failed)).toBe(
    `${table} cannot be replaced because other objects depend on it: view ${place.schema}.v`,
  );
  await place.sql(`DROP VIEW ${place.schema}.v`);
  await tasks.load({ source: 'one.csv', table, mode: 'replace' });
});

test('a bad row leaves nothing and is not retried', async () => {
  await writeFile(join(place.root, 'rows.csv'), `name,age\n${'n,1\n'.repeat(30_000)}x,abc\n`);
  const before = await place.tables();
  const handle = await tasks.start({ source: 'rows.csv', table: `${place.schema}.bad` });
  expect(failureText(await handle.result().catch((e: unknown) => e))).toBe(
    'rows.csv, row 30001, column "age": "abc" is not a valid BIGINT',
  );
  expect(await place.tables()).toEqual(before);
});

test('an error about a value that the database refuses names the row, and nothing is left', async () => {
  await writeFile(join(place.root, 'nul.ndjson'), `${'{"a":"x"}\n'.repeat(2_500)}{"a":"\\u0000"}\n`);
  const before = await place.tables();
  const failed = await tasks
    .load({ source: 'nul.ndjson', table: `${place.schema}.bad`, chunkRows: 1_000 })
    .catch((e: unknown) => e);
  expect(failureText(failed)).toMatch(/^nul\.ndjson, row 2501: .*invalid byte sequence.*0x00/);
  expect(await place.tables()).toEqual(before);
});

test.each([
  [{ source: '../x.csv' }, /^\.\.\/x\.csv is outside the folders this tool may access \("mcp-tools-\w+"\)$/],
  [{ source: 'none.csv' }, /^none\.csv: no such file or folder in "mcp-tools-\w+"; did you mean "one\.csv"\?$/],
  [{ source: 'one.csv', database: 'nope' }, /^no database named "nope" is configured; use one of: default, file$/],
  [{ source: 'one.csv', table: 'noschema.t' }, /^the schema "noschema" does not exist; use an existing one$/],
])('%j', async (args, message) => {
  const failed = await tasks.load({ table: `${place.schema}.t`, ...args }).catch((e: unknown) => e);
  expect(failureText(failed)).toMatch(message);
});

test('an empty file gives an empty table', async () => {
  await writeFile(join(place.root, 'empty.csv'), 'a,b\n');
  const result = await tasks.load({ source: 'empty.csv', table: `${place.schema}.empty` });
  expect(result).toMatchObject({ rowsIn: 0, rowsOut: 0, chunks: 0, checksum: '0' });
});

test('a number that PostgreSQL prints with other digits than DuckDB is the same number', async () => {
  const numbers = ['2.898322440272241e+16', '4.903754852180744e+17', '-4.501999933950368e+18', '5e-324', '0.1', '-0.0'];
  await writeFile(join(place.root, 'digits.csv'), `x\n${numbers.join('\n')}\n`);
  await writeFile(join(place.root, 'digits.ndjson'), numbers.map((x) => `{"x":${x}}\n`).join(''));
  for (const source of ['digits.csv', 'digits.ndjson']) {
    const table = `${place.schema}.${source.replace('.', '_')}`;
    const { columns } = await tasks.load({ source, table });
    expect(columns).toEqual([{ name: 'x', type: 'DOUBLE' }]);
    const found = await place.sql<{ x: number }>(`SELECT x FROM ${table}`);
    expect(found.map(({ x }) => x)).toEqual(numbers.map(Number));
  }
});

test('several files are split into chunks that never span two files', async () => {
  for (const i of [1, 2, 3])
    await writeFile(
      join(place.root, `part-${i}.csv`),
      `a\n${Array.from({ length: 1_500 }, (_, n) => `${i * 10_000 + n}\n`).join('')}`,
    );
  const table = `${place.schema}.parts`;
  const result = await tasks.load({ source: 'part-*.csv', table, chunkRows: 1_000 });
  expect(result).toMatchObject({ rowsIn: 4_500, rowsOut: 4_500, chunks: 6, files: 3 });
  expect(await place.sql(`SELECT count(DISTINCT a)::int AS n FROM ${table}`)).toEqual([{ n: 4_500 }]);
});

test('an error about a wrong password does not contain the password', async () => {
  const url = new URL(place.config.databases['default']!);
  url.password = 'not-the-Password';
  const other = await loader({ ...place.config, databases: { default: url.href } });
  try {
    const handle = await other.start({ source: 'one.csv', table: 't' });
    expect(failureText(await handle.result().catch((e: unknown) => e))).toMatch(
      /^database "default": wrong user name or password/,
    );
    expect(JSON.stringify(await handle.fetchHistory())).not.toContain('not-the-Password');
  } finally {
    await other.close();
  }
});
