/** The hashes of rows: the same as PostgreSQL's, and different after every kind of error. */
import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Column } from '../../src/tools/source/pins.js';
import { hashedSql, hashedTextSql, hashKind } from '../../src/tools/source/hashed-sql.js';
import { RowHashes } from '../../src/tools/source/row-hash.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { literal } from '../../src/tools/sql.js';
import { postgresHashSql } from '../../src/tools/target/postgres/columns.js';

type Row = readonly [text: string | null, integer: bigint | null, float: number | null, other: string | null];

const COLUMNS: readonly Column[] = [
  { name: 'text', type: 'VARCHAR' },
  { name: 'integer', type: 'BIGINT' },
  { name: 'float', type: 'DOUBLE' },
  { name: 'other', type: 'VARCHAR' },
];

let source: SourceSession;
let postgres: Client;
const signal = new AbortController().signal;

beforeAll(async () => {
  source = await SourceSession.open([], signal);
  postgres = new Client({ connectionString: inject('databaseUrl') });
  await postgres.connect();
  await postgres.query('CREATE TEMPORARY TABLE t ("text" text, "integer" bigint, "float" float8, "other" text)');
});

afterAll(async () => {
  source.close();
  await postgres.end();
});

/** PostgreSQL's text has no NUL. 11, 12 and 13 bytes are handled differently. */
const texts = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary-ascii', minLength: 10, maxLength: 14 }),
    fc.constantFrom('', ' ', 'é', 'e\u0301', '\u{10ffff}', '\ufffd', '0', 'x'.repeat(3_000_000)),
  )
  .map((value) => value.replaceAll('\0', ''));
const integers = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 31n, -(2n ** 63n), 2n ** 63n - 1n),
);
const floats = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1, 2, 3, 0.1));
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 });
const row: fc.Arbitrary<Row> = fc.tuple(nullable(texts), nullable(integers), nullable(floats), nullable(texts));

async function insert(rows: readonly Row[], connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE OR REPLACE TABLE t ("text" VARCHAR, "integer" BIGINT, "float" DOUBLE, "other" VARCHAR)');
  const value = (cell: Row[number], type: string): string =>
    cell === null ? 'NULL' : `${literal(Object.is(cell, -0) ? '-0' : String(cell))}::${type}`;
  const tuples = rows.map((cells) => `(${cells.map((cell, i) => value(cell, COLUMNS[i]!.type)).join(', ')})`);
  if (tuples.length > 0) await connection.run(`INSERT INTO t VALUES ${tuples.join(', ')}`);
}

/** The checksum of the rows in DuckDB's table `t`. */
async function inSource(columns = COLUMNS): Promise<{ rows: string; checksum: string }> {
  const hashes = new RowHashes(columns.map((column) => hashKind(column, false)));
  await source.scan(hashedSql(columns, 't'), [], async (data) => await hashes.add(data));
  return { rows: String(hashes.rows), checksum: hashes.checksum };
}

async function inPostgres(rows: readonly Row[]): Promise<{ rows: string; checksum: string }> {
  await postgres.query('TRUNCATE t');
  const column = (i: number): unknown[] => rows.map((cells) => cells[i]);
  await postgres.query('INSERT INTO t SELECT * FROM unnest($1::text[], $2::int8[], $3::float8[], $4::text[])', [
    column(0),
    column(1),
    rows.map(([, , cell]) => (Object.is(cell, -0) ? '-0' : cell)),
    column(3),
  ]);
  const found = await postgres.query<{ rows: string; checksum: string }>(postgresHashSql(COLUMNS, 't', false));
  return found.rows[0]!;
}

function key(cells: Row): string {
  return JSON.stringify(cells.map((cell) => (Object.is(cell, -0) ? '-0' : typeof cell + String(cell))));
}

async function checksum(rows: readonly Row[]): Promise<string> {
  await insert(rows, source.connection);
  return (await inSource()).checksum;
}

test('PostgreSQL computes the same checksum', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
      await insert(rows, source.connection);
      expect(await inSource()).toEqual(await inPostgres(rows));
    }),
    { numRuns: 150 },
  );
});

test('PostgreSQL computes the same checksum for more rows than DuckDB returns at once, with many NULLs', async () => {
  const rows = Array.from({ length: 5_000 }, (_, i): Row =>
    i % 3 === 0 ? [`${i}`.repeat(i % 9), BigInt(i) - 2_500n, i / 7, null] : [null, null, null, 'long '.repeat(i % 5)],
  );
  await insert(rows, source.connection);
  expect(await inSource()).toEqual(await inPostgres(rows));
});

test('an empty table has the checksum 0, and a row of NULLs does not', async () => {
  expect(await checksum([])).toBe('0');
  expect(await checksum([[null, null, null, null]])).not.toBe('0');
});

describe('the checksum reveals', () => {
  const swap = (column: number, to: Row, from: Row): Row =>
    to.map((cell, i) => (i === column ? from[i] : cell)) as unknown as Row;

  test.each<[string, (rows: readonly Row[]) => readonly Row[]]>([
    ['swapped columns', (rows) => rows.map(([a, b, c, d]) => [d, b, c, a])],
    ['swapped columns in one row', ([[a, b, c, d] = [null, null, null, null], ...rows]) => [[d, b, c, a], ...rows]],
    ...[0, 1, 2, 3].map((i): [string, (rows: readonly Row[]) => readonly Row[]] => [
      `column ${i} swapped between two rows`,
      ([first, second, ...rows]) => [swap(i, first!, second!), swap(i, second!, first!), ...rows],
    ]),
    ['a missing row', ([, ...rows]) => rows],
    ['a duplicate row', (rows) => [rows[0]!, ...rows]],
    ['a duplicate row in place of another row', ([first, , ...rows]) => [first!, first!, ...rows]],
    [
      'a row that occurs three times in place of two other rows',
      ([first, , , ...rows]) => [first!, first!, first!, ...rows],
    ],
  ])('%s', async (_, change) => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 6 }), async (before) => {
        const after = change(before);
        // Not an error if the rows are the same afterwards.
        fc.pre(String(before.map(key).sort()) !== String(after.map(key).sort()));
        expect(await checksum(after)).not.toBe(await checksum(before));
      }),
      { numRuns: 40 },
    );
  });

  test('text that moved to the next column', async () => {
    expect(await checksum([['ab', 1n, 1, 'c']])).not.toBe(await checksum([['a', 1n, 1, 'bc']]));
  });

  test('a changed value', async () => {
    const values: readonly Row[] = [
      ...[null, '', ' ', '\t', 'a', 'A', 'é', 'e\u0301', '0', '00', 'a'.repeat(12), 'a'.repeat(13), 'a'.repeat(24)].map(
        (value): Row => [value, null, null, null],
      ),
      ...[0n, 1n, -1n, 2n, 3n, 2n ** 32n, 2n ** 32n + 1n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)].map(
        (value): Row => [null, value, null, null],
      ),
      ...[0, -0, NaN, Infinity, -Infinity, 1, 2, 3, 5e-324, -5e-324, 0.1, 0.1 + Number.EPSILON].map((value): Row => [
        null,
        null,
        value,
        null,
      ]),
    ];
    const sums = new Set<string>();
    for (const value of values) sums.add(await checksum([value]));
    expect(sums.size).toBe(values.length);
  });
});

test('columns of small numbers, such as flags, do not cancel each other out', async () => {
  const columns = Array.from({ length: 12 }, (_, i): Column => ({ name: `c${i}`, type: 'INTEGER' }));
  const names = columns.map(({ name }, i) => `(range >> ${i}) & 1 AS ${name}`);
  await source.connection.run(`CREATE OR REPLACE TABLE all_flags AS SELECT ${names.join(', ')} FROM range(4096)`);
  const sums = new Set<string>();
  for (let i = 0; i < 4_096; i += 64) {
    await source.connection.run(`CREATE OR REPLACE TABLE t AS FROM all_flags LIMIT 1 OFFSET ${i + i / 64}`);
    sums.add((await inSource(columns)).checksum);
  }
  expect(sums.size).toBe(64);
});

test('a text that is not exactly a number of its type never counts as one', async () => {
  const columns = [{ name: 'n', type: 'DOUBLE' }];
  const hashes = new RowHashes(columns.map((column) => hashKind(column, true)));
  const scan = async (number: string): Promise<void> => {
    const from = `(SELECT ${literal(number)} AS n)`;
    await source.scan(hashedTextSql(columns, [], from), [], async (data) => await hashes.add(data));
  };
  await scan('0.1');
  await scan('100');
  expect(hashes.rows).toBe(2);
  await expect(scan('0.1000000000000000055')).rejects.toThrow('column "n" has a number that is not exactly a DOUBLE');
  await expect(scan('x')).rejects.toThrow('column "n" has a number that is not exactly a DOUBLE');
});
