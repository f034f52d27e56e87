import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresType } from '../../src/tools/target/postgres/columns.js';
import type { LoadTarget } from '../../src/tools/load/types.js';
import { digestSql } from '../../src/tools/source/canonical.js';
import { sourceError } from '../../src/tools/source/errors.js';
import { hashedSql, hashKind } from '../../src/tools/source/hashed-sql.js';
import { RowReader } from '../../src/tools/source/reader.js';
import { RowHashes } from '../../src/tools/source/row-hash.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { openTarget } from '../../src/tools/target/open.js';
import { failureText, loader, scratch, type Loader, type Scratch } from '../helpers/reference-tools.js';

let place: Scratch;
let tasks: Loader;

beforeAll(async () => {
  place = await scratch();
  tasks = await loader(place.config);
});

afterAll(async () => {
  await tasks.close();
  await place.close();
});

/** DuckDB values, each with its PostgreSQL type and its text in PostgreSQL. */
const VALUES: readonly (readonly [value: string, type: string, text: string | null])[] = [
  ['true', 'boolean', 'true'],
  ['(-128)::TINYINT', 'smallint', '-128'],
  ['255::UTINYINT', 'smallint', '255'],
  ['65535::USMALLINT', 'integer', '65535'],
  ['4294967295::UINTEGER', 'bigint', '4294967295'],
  ['(-9223372036854775808)::BIGINT', 'bigint', '-9223372036854775808'],
  ['18446744073709551615::UBIGINT', 'numeric', '18446744073709551615'],
  ['170141183460469231731687303715884105727::HUGEINT', 'numeric', '170141183460469231731687303715884105727'],
  ['(-12.340)::DECIMAL(10,3)', 'numeric', '-12.340'],
  ['0::DECIMAL(38,10)', 'numeric', '0.0000000000'],
  ['0.1::FLOAT', 'real', '0.1'],
  ['0.1::DOUBLE', 'double precision', '0.1'],
  ['1e15::DOUBLE', 'double precision', '1e+15'],
  ['1.7976931348623157e308::DOUBLE', 'double precision', '1.7976931348623157e+308'],
  ['5e-324::DOUBLE', 'double precision', '5e-324'],
  ["'-0.0'::DOUBLE", 'double precision', '-0'],
  ["'nan'::DOUBLE", 'double precision', 'NaN'],
  ["'-inf'::DOUBLE", 'double precision', '-Infinity'],
  ["'inf'::FLOAT", 'real', 'Infinity'],
  ["''", 'text', ''],
  ["'\\N'", 'text', '\\N'],
  ["'a' || chr(9) || chr(10) || chr(13) || '\\t\\.\"''|ü🦆'", 'text', 'a\t\n\r\\t\\."\'|ü🦆'],
  ["'b'::ENUM('a', 'b')", 'text', 'b'],
  ["'\\x00\\xFFa'::BLOB", 'bytea', '\\x00ff61'],
  ["'10110'::BIT", 'bit varying', '10110'],
  ["'6B29FC40-CA47-1067-B31D-00DD010662DA'::UUID", 'uuid', '6b29fc40-ca47-1067-b31d-00dd010662da'],
  ["'2024-02-29'::DATE", 'date', '2024-02-29'],
  ["'0044-03-15 (BC)'::DATE", 'date', '0044-03-15 BC'],
  ["'infinity'::DATE", 'date', 'infinity'],
  ["'12345-06-07'::DATE", 'date', '12345-06-07'],
  ["'23:59:59.5'::TIME", 'time without time zone', '23:59:59.5'],
  ["'23:59:59.5+05:30'::TIMETZ", 'time with time zone', '23:59:59.5+05:30'],
  ["'2024-02-29 01:02:03.004'::TIMESTAMP", 'timestamp without time zone', '2024-02-29 01:02:03.004'],
  ["'0044-03-15 (BC) 01:02:03'::TIMESTAMP", 'timestamp without time zone', '0044-03-15 01:02:03 BC'],
  ["'-infinity'::TIMESTAMP", 'timestamp without time zone', '-infinity'],
  ["'2024-02-29 01:02:03'::TIMESTAMP_S", 'timestamp without time zone', '2024-02-29 01:02:03'],
  ["'2024-02-29 01:02:03.004'::TIMESTAMP_MS", 'timestamp without time zone', '2024-02-29 01:02:03.004'],
  ["'2024-02-29 01:02:03.004005'::TIMESTAMP_NS", 'timestamp without time zone', '2024-02-29 01:02:03.004005'],
  ["'2024-02-29 01:02:03.5+02'::TIMESTAMPTZ", 'timestamp with time zone', '2024-02-28 23:02:03.5+00'],
  ["INTERVAL '14 months 3 days' - INTERVAL '4 hours 0.5 seconds'", 'interval', '1 year 2 mons 3 days -04:00:00.5'],
  ["INTERVAL '90 minutes'", 'interval', '01:30:00'],
  ['[1, NULL, 3]', 'json', '[1,null,3]'],
  ["{'a': 'x\"\\', 'b': [DATE '2024-01-01']}", 'json', '{"a":"x\\"\\\\","b":["2024-01-01"]}'],
  ["map {'k': 1.50}", 'json', '{"k":1.5}'],
  ['[1, 2]::INTEGER[2]', 'json', '[1,2]'],
  ['\'{"b":1, "a": 1.0}\'::JSON', 'json', '{"b":1, "a": 1.0}'],
  ['NULL::DOUBLE', 'double precision', null],
  ['NULL::VARCHAR', 'text', null],
];

// Reads from a query, because a Parquet file would store some of these as another type.
test.each(['default', 'file'])(
  'every type arrives as the same value in database "%s", alongside a row of NULLs',
  async (database) => {
    const select = VALUES.map(([value], i) => `${value} AS c${i}`).join(', ');
    const nulls = VALUES.map(() => 'NULL').join(', ');
    const signal = new AbortController().signal;
    const source = await SourceSession.open([], signal);
    const target: LoadTarget = {
      id: 'types',
      database,
      schema: database === 'default' ? place.schema : 'main',
      table: 'types',
      mode: 'replace',
    };
    const opened = await openTarget(place.config, target, { step: 'test', attempt: 1, signal });
    try {
      await source.connection.run(`CREATE TABLE t AS SELECT ${select} UNION ALL SELECT ${nulls}`);
      const columns = (await source.rows('DESCRIBE t')).map((row) => ({
        name: String(row['column_name']),
        type: String(row['column_type']),
      }));
      await opened.create(columns);
      const reader = new RowReader(await source.stream(`SELECT ${opened.selectList(columns)} FROM t`), sourceError);
      expect(await opened.load({ number: 0, file: 0, path: 't', from: 0, rows: 2 }, 1, reader.take(2))).toBe(true);
      const [digest] = await source.rows(digestSql(columns, 't'));
      expect(await opened.digest({ columns })).toEqual({ rows: 2, checksum: digest?.['checksum'] });
      const hash = await opened.hash();
      expect(hash).toBe(database === 'default' ? 'columns' : undefined);
      const hashes = new RowHashes(columns.map((column) => hashKind(column, false)));
      await source.scan(hashedSql(columns, 't'), [], async (data) => await hashes.add(data));
      const hashed = hash ? hashes.checksum : digest?.['checksum'];
      expect(await opened.digest({ columns, ...(hash ? { hash } : {}) })).toEqual({ rows: 2, checksum: hashed });
      await opened.swap(columns);
      await opened.settle();
    } finally {
      await opened.close();
      source.close();
    }
    if (database === 'default') await expectTexts();
  },
);

async function expectTexts(): Promise<void> {
  const arrays = ['text', 'type'].map(
    (what) =>
      `ARRAY[${VALUES.map((_, i) => (what === 'text' ? `c${i}::text` : `pg_typeof(c${i})::text`)).join(', ')}] AS ${what}`,
  );
  const [row] = await place.sql(`SELECT ${arrays.join(', ')} FROM ${place.schema}.types WHERE c0 IS NOT NULL`);
  for (const [i, [value, type, text]] of VALUES.entries())
    expect([value, row?.['type'][i], row?.['text'][i]]).toEqual([value, type, text]);
}

test('nanoseconds are refused for PostgreSQL and kept for DuckDB', async () => {
  await write(`SELECT '2024-02-29 01:02:03.000000001'::TIMESTAMP_NS AS c0`, 1);
  const failed = await tasks.load({ source: 'types.parquet', table: `${place.schema}.ns` }).catch((e: unknown) => e);
  expect(failureText(failed)).toContain('column "c0" has nanoseconds, which the database cannot store');
  expect(await tasks.load({ source: 'types.parquet', database: 'file', table: 'ns' })).toMatchObject({ rowsOut: 2 });
});

test.each([
  ['HUGEINT', 'numeric(39)'],
  ['UHUGEINT', 'numeric(39)'],
  ['BIGNUM', 'numeric'],
  ['BIT', 'bit varying'],
  ['DECIMAL(18,3)', 'numeric(18,3)'],
  ["ENUM('a', 'b)')", 'text'],
  ['STRUCT(a INTEGER, "b]" VARCHAR)', 'json'],
  ['STRUCT(a INTEGER)[]', 'json'],
  ['UNION(num INTEGER, str VARCHAR)', 'json'],
  ['MAP(VARCHAR, INTEGER)', 'json'],
])('%s becomes %s', (type, postgres) => {
  expect(postgresType({ name: 'c', type })).toBe(postgres);
});

test('an error about a type without an equivalent in PostgreSQL names the column', () => {
  expect(() => postgresType({ name: 'shape', type: 'GEOMETRY' })).toThrow(
    'column "shape" has the type GEOMETRY, which has no equivalent in PostgreSQL',
  );
});

/** Writes a Parquet file with the row and a row of NULLs. */
async function write(select: string, columns: number): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const nulls = `SELECT ${Array.from({ length: columns }, () => 'NULL').join(', ')}`;
  await connection.run(
    `COPY (${select} UNION ALL ${nulls}) TO '${join(place.root, 'types.parquet')}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}
