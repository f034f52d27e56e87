/** `columns` and `where` choose what is loaded, mean the same in every format, and cannot do anything else. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectFiles } from '../../src/tools/source/inspect.js';
import type { SourcePins } from '../../src/tools/source/pins.js';
import { canJump, readFileSql } from '../../src/tools/source/read-sql.js';
import { SourceSession } from '../../src/tools/source/session.js';
import { whereSchema, type Where } from '../../src/tools/source/where.js';
import { failureText, loader, scratch, type Loader, type Scratch } from '../helpers/reference-tools.js';

const { signal } = new AbortController();
let root: string;

const ROWS = [
  {
    id: 1,
    name: `it's "x"`,
    price: 1.5,
    ok: true,
    day: '2024-01-01',
    at: '2024-01-01T10:00:00Z',
    big: '9007199254740993',
  },
  { id: 2, name: null, price: 20, ok: false, day: '2024-02-01', at: '2024-01-01T11:30:00Z', big: '9007199254740992' },
  { id: 3, name: 'Über', price: null, ok: null, day: null, at: null, big: null },
  { id: 4, name: 'über', price: -0.25, ok: true, day: '2023-12-31', at: '2024-01-01T09:59:59Z', big: '-1' },
];
const SOURCES = ['rows.csv', 'rows.ndjson', 'rows.parquet'];

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-where-')));
  const field = (value: string | number | boolean | null): string =>
    value === null ? '' : `"${String(value).replaceAll('"', '""')}"`;
  const lines = ROWS.map((row) => Object.values(row).map(field).join(','));
  await writeFile(join(root, 'rows.csv'), `${Object.keys(ROWS[0]!).join(',')}\n${lines.join('\n')}\n`);
  const json = ROWS.map(({ big, ...row }) => JSON.stringify(row).replace(/}$/, `,"big":${big}}`));
  await writeFile(join(root, 'rows.ndjson'), `${json.join('\n')}\n`);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT id, name, price::DECIMAL(6,2) AS price, ok, day, "at"::TIMESTAMPTZ AS "at", big
    FROM read_json('${join(root, 'rows.ndjson')}', columns = {id: 'INTEGER', name: 'VARCHAR', price: 'DOUBLE', ok: 'BOOLEAN', day: 'DATE', "at": 'VARCHAR', big: 'BIGINT'}))
    TO '${join(root, 'rows.parquet')}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
});
afterAll(async () => await rm(root, { recursive: true }));

const inspect = async (source: string, more: object): Promise<SourcePins> =>
  await inspectFiles([root], { source, ...more }, signal);

/** Returns the rows that a load would read. */
async function read(pins: SourcePins): Promise<Record<string, unknown>[]> {
  const session = await SourceSession.open(
    pins.files.map(({ path }) => path),
    signal,
  );
  try {
    return await session.rows(`SELECT * FROM ${readFileSql(pins, pins.files[0]!)}`);
  } finally {
    session.close();
  }
}

async function ids(source: string, where: Where): Promise<number[]> {
  const pins = await inspect(source, { columns: ['id'], where: whereSchema.parse(where) });
  const found = (await read(pins)).map(({ id }) => Number(id));
  const excluded = where.length === 0 ? undefined : 4 - found.length;
  expect({ rows: pins.rows, excluded: pins.excluded }).toEqual({ rows: found.length, excluded });
  return found;
}

describe.each(SOURCES)('%s', (source) => {
  test.each<[Where, number[]]>([
    [[{ column: 'id', is: '>', value: 2 }], [3, 4]],
    [[{ column: 'id', is: 'in', values: [1, '4'] }], [1, 4]],
    [[{ column: 'id', is: 'not in', values: [1, 4] }], [2, 3]],
    [[{ column: 'id', is: '<', value: 2.5 }], [1, 2]],
    [[{ column: 'price', is: '>=', value: 1.5 }], [1, 2]],
    [[{ column: 'price', is: '<', value: '1000000' }], [1, 2, 4]],
    [[{ column: 'price', is: '<>', value: 20 }], [1, 4]],
    [[{ column: 'big', is: '=', value: '9007199254740993' }], [1]],
    [[{ column: 'name', is: '=', value: `it's "x"` }], [1]],
    [[{ column: 'name', is: 'null' }], [2]],
    [[{ column: 'name', is: 'starts with', value: 'Ü' }], [3]],
    [[{ column: 'name', is: 'contains', value: '%' }], []],
    [[{ column: 'name', is: 'contains', value: 'ber' }], [3, 4]],
    [[{ column: 'ok', is: '=', value: true }], [1, 4]],
    [[{ column: 'day', is: '>=', value: '2024-01-01' }], [1, 2]],
    [[{ column: 'at', is: '>', value: '2024-01-01T10:00:00Z' }], [2]],
    [
      [
        { column: 'day', is: 'not null' },
        { column: 'ok', is: '=', value: true },
      ],
      [1, 4],
    ],
    [
      [
        {
          any: [
            { column: 'id', is: '=', value: 3 },
            { column: 'price', is: '>', value: 10 },
          ],
        },
      ],
      [2, 3],
    ],
    [[], [1, 2, 3, 4]],
  ])('%j', async (where, expected) => {
    expect(await ids(source, where)).toEqual(expected);
  });

  test.each<[Where, string]>([
    [[{ column: 'ID', is: '=', value: 1 }], 'where: there is no column "ID"; the columns are: "id", "name"'],
    [[{ column: 'id', is: '=', value: 'x' }], 'where: "x" for column "id": not a number that can be compared'],
    [[{ column: 'id', is: '=', value: '1 OR true' }], 'where: "1 OR true" for column "id": not a number'],
    [[{ column: 'big', is: '=', value: 2 ** 60 }], 'write an integer of more than 15 digits as text'],
    [[{ column: 'name', is: '=', value: 1 }], 'the type is VARCHAR, so the value must be text'],
    [[{ column: 'ok', is: '=', value: 'yes' }], 'the value must be true or false'],
    [[{ column: 'day', is: '=', value: 'yesterday' }], 'where: "yesterday" is not a valid DATE'],
    [[{ column: 'day', is: '=', value: `x'; SELECT 1; --` }], 'is not a valid DATE'],
    [[{ column: 'id', is: 'contains', value: '1' }], `"contains" and "starts with" can't search`],
  ])('refuses %j', async (where, message) => {
    await expect(inspect(source, { where })).rejects.toThrow(message);
  });

  test('columns are loaded in the order of the call, and other columns need no types', async () => {
    const pins = await inspect(source, { columns: ['price', 'id'], where: [{ column: 'day', is: 'not null' }] });
    expect(pins.columns.map(({ name }) => name)).toEqual(['price', 'id']);
    expect(pins.filter?.extra).toEqual([{ name: 'day', type: 'DATE' }]);
    expect((await read(pins)).map((row) => Object.keys(row))).toEqual([
      ['price', 'id'],
      ['price', 'id'],
      ['price', 'id'],
    ]);
    expect(canJump(pins)).toBe(false);
  });
});

test.each<[object, string]>([
  [
    { columns: ['id', 'nam'] },
    'columns: there is no column "nam"; the columns are: "id", "name", "price", "ok", "day", "at", "big". Did you mean "name"?',
  ],
  [{ columns: ['id', 'id'] }, 'columns: "id" is listed twice'],
])('refuses %j', async (more, message) => {
  await expect(inspect('rows.csv', more)).rejects.toThrow(message);
});

test.each<[unknown, RegExp]>([
  [[{ column: 'a', is: '=' }], /"=" needs a `value`/],
  [[{ column: 'a', is: 'in', value: 1 }], /"in" needs `values`/],
  [[{ column: 'a', is: 'null', value: 1 }], /"null" takes no `value`/],
  [[{ column: 'a', is: 'regexp', value: 1 }], /Invalid/],
  [[{ column: 'a', is: '=', value: 1, sql: '1' }], /Unrecognized|Invalid/],
  [[{ any: [] }], /Too small|Invalid/],
  [Array.from({ length: 21 }, () => ({ column: 'a', is: 'null' })), /Too big/],
  [[{ column: 'a', is: '=', value: 'x'.repeat(100_001) }], /at most 100000 characters/],
])('the schema refuses %#', (where, message) => {
  const { error } = whereSchema.safeParse(where);
  expect(error?.issues.map(({ message: each }) => each).join('; ')).toMatch(message);
});

test('whatever the names and values are, only that column is compared with that value', async () => {
  const nasty = fc.oneof(
    fc.constantFrom(
      `'`,
      `"`,
      `\\`,
      `' OR true --`,
      `"; DROP TABLE x; --`,
      `$$`,
      `' || read_text('/etc/passwd') || '`,
      '\n',
      '🦆',
    ),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );
  const name = nasty.filter((text) => text.trim() !== '' && !text.includes('\0') && text.toLowerCase() !== 'other');
  await fc.assert(
    fc.asyncProperty(name, nasty, nasty, async (column, one, two) => {
      const rows = [one, two].map((value) => `${JSON.stringify({ [column]: value, other: value })}\n`);
      await writeFile(join(root, 'nasty.ndjson'), rows.join(''));
      const where: Where = [{ column, is: '=', value: one }];
      const pins = await inspect('nasty.ndjson', { where, types: { [column]: 'VARCHAR', other: 'VARCHAR' } });
      expect(pins.rows).toBe(one === two ? 2 : 1);
      expect((await read(pins)).map(({ other }) => other)).toEqual([one, two].filter((value) => value === one));
    }),
    { numRuns: 60 },
  );
}, 60_000);

describe('a load', () => {
  let place: Scratch;
  let tasks: Loader;
  beforeAll(async () => {
    place = await scratch();
    tasks = await loader(place.config);
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i},n${i % 10},${i % 3}\n`).join('');
    await writeFile(join(place.root, 'many.csv'), `id,name,part\n${lines}`);
  });
  afterAll(async () => {
    await tasks.close();
    await place.close();
  });

  test.each(['default', 'file'])('has the rows that match, verified, in chunks: %s', async (database) => {
    const table = database === 'file' ? 'chosen' : `${place.schema}.chosen`;
    const result = await tasks.load({
      source: 'many.csv',
      database,
      table,
      columns: ['name', 'id'],
      where: [{ column: 'part', is: '=', value: 1 }],
      chunkRows: 1_000,
    });
    expect(result).toMatchObject({ rowsIn: 10_000, rowsOut: 10_000, rowsExcluded: 20_000, chunks: 10 });
    expect(result.columns).toEqual([
      { name: 'name', type: 'VARCHAR' },
      { name: 'id', type: 'BIGINT' },
    ]);
    if (database !== 'default') return;
    expect(
      await place.sql(
        `SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids, sum((id % 3 = 1)::int)::int AS fit FROM ${table}`,
      ),
    ).toEqual([{ n: 10_000, ids: 10_000, fit: 10_000 }]);
  });

  test('an error in a row says how the row is counted', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${JSON.stringify({ n: i, a: i === 7 ? '\0' : 'x' })}\n`);
    await writeFile(join(place.root, 'nul.ndjson'), rows.join(''));
    const where: Where = [{ column: 'n', is: '>', value: 4 }];
    const failed = await tasks
      .load({ source: 'nul.ndjson', table: `${place.schema}.nul`, where })
      .catch((e: unknown) => e);
    expect(failureText(failed)).toMatch(/^nul\.ndjson, row 3 of those that match `where`: /);
  });
});
