/** `list_files` shows what the other tools can read, under the paths that they accept, and nothing else. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles } from '../../src/tools/list/list.js';
import type { ListArguments, ListResult } from '../../src/tools/list/schema.js';
import { findFiles } from '../../src/tools/source/find.js';

let base: string;
let roots: string[];
const { signal } = new AbortController();

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'mcp-list-')));
  roots = [join(base, 'data'), join(base, 'more')];
  for (const folder of ['data/sales/2024', 'data/.git', 'data/node_modules/x', 'data/many', 'more/sales', 'data/links'])
    await mkdir(join(base, folder), { recursive: true });
  const files: [string, string | Buffer][] = [
    ['data/orders.csv', 'id,"a ""b""",at\n007,x,2024-01-01\n'],
    ['data/orders.csv.gz', gzipSync('id,name\n1,x\n')],
    ['data/events.ndjson', '{"id":1}\n{"id":2,"kind":"x"}\n'],
    ['data/list.json', '[{"b":1,"a":2}]'],
    ['data/broken.parquet', 'not parquet'],
    ['data/empty.csv', ''],
    ['data/readme.txt', 'hello'],
    ['data/twice.csv', 'a,a\n1,2\n'],
    ['data/wide.csv', `${Array.from({ length: 150 }, (_, i) => `c${i}`).join(',')}\n`],
    ['data/.env', 'KEY=secret'],
    ['data/.git/config', ''],
    ['data/node_modules/x/y.csv', 'a\n1\n'],
    ['data/sales/jan.csv', 'a\n1\n'],
    ['data/sales/2024/feb.csv', 'a\n1\n'],
    ['more/sales/jan.csv', 'other\n1\n'],
    ['more/sales/mar.csv', 'a\n1\n'],
    ['outside.csv', 'secret\n1\n'],
    ...Array.from({ length: 450 }, (_, i): [string, string] => [
      `data/many/${String(i).padStart(3, '0')}.csv`,
      'a\n1\n',
    ]),
  ];
  for (const [path, content] of files) await writeFile(join(base, path), content);
  await symlink(join(base, 'outside.csv'), join(base, 'data/links/out.csv'));
  await symlink(base, join(base, 'data/links/up'));
  await symlink(join(base, 'nothing'), join(base, 'data/links/dangling.csv'));
  await symlink(join(base, 'data/orders.csv'), join(base, 'data/links/in.csv'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT i, 'x' AS name, 1.5::DECIMAL(5,2) AS price FROM range(3000) t(i)) TO '${join(base, 'data/facts.parquet')}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
});
afterAll(async () => await rm(base, { recursive: true }));

const list = async (args: Partial<ListArguments> = {}, within = roots): Promise<ListResult> =>
  await listFiles({ roots: within, databases: {} }, { path: '.', columns: true, ...args }, signal);
const paths = ({ files }: ListResult): string[] => files.map(({ path }) => path);

test('without arguments, it shows the folders that the tools may access: sizes, formats and columns', async () => {
  const { folders, files, more, notes } = await list();
  expect(folders).toEqual(['links', 'many', 'sales']);
  expect(files.map(({ modified, ...file }) => (expect(Date.parse(modified)).not.toBeNaN(), file))).toEqual([
    { path: 'broken.parquet', bytes: 11, format: 'parquet', problem: expect.stringContaining('is not a Parquet file') },
    { path: 'empty.csv', bytes: 0, format: 'csv', problem: 'the file is empty' },
    { path: 'events.ndjson', bytes: 29, format: 'ndjson', columns: [{ name: 'id' }, { name: 'kind' }] },
    {
      path: 'facts.parquet',
      bytes: expect.any(Number),
      format: 'parquet',
      rows: 3_000,
      columns: [
        { name: 'i', type: 'BIGINT' },
        { name: 'name', type: 'VARCHAR' },
        { name: 'price', type: 'DECIMAL(5,2)' },
      ],
    },
    { path: 'list.json', bytes: 15, format: 'json', columns: [{ name: 'b' }, { name: 'a' }] },
    {
      path: 'orders.csv',
      bytes: 33,
      format: 'csv',
      columns: [{ name: 'id' }, { name: 'a "b"' }, { name: 'at' }],
    },
    {
      path: 'orders.csv.gz',
      bytes: expect.any(Number),
      format: 'csv',
      compression: 'gzip',
      columns: [{ name: 'id' }, { name: 'name' }],
    },
    { path: 'readme.txt', bytes: 5 },
    { path: 'twice.csv', bytes: 8, format: 'csv', problem: expect.stringContaining('two columns are named "a"') },
    {
      path: 'wide.csv',
      bytes: expect.any(Number),
      format: 'csv',
      columns: Array.from({ length: 100 }, (_, i) => ({ name: `c${i}` })),
      problem: 'only the first 100 of 150 columns are listed',
    },
  ]);
  expect({ more, notes }).toEqual({ more: false, notes: [] });
});

test('a folder is listed from every root, and each path means the file that the other tools open', async () => {
  const found = await list({ path: 'sales' });
  expect(found.folders).toEqual(['sales/2024']);
  expect(paths(found)).toEqual(['sales/jan.csv', 'sales/mar.csv']);
  expect(found.files[0]).toMatchObject({ columns: [{ name: 'a' }] });
  expect(await findFiles(roots, 'sales/mar.csv', signal)).toEqual([join(base, 'more/sales/mar.csv')]);
});

test('a pattern, a file, and an absolute path', async () => {
  expect(paths(await list({ path: 'sales/**' }))).toEqual(['sales/2024/feb.csv', 'sales/jan.csv', 'sales/mar.csv']);
  expect(paths(await list({ path: 'orders.csv' }))).toEqual(['orders.csv']);
  expect(paths(await list({ path: join(base, 'data/sales') }))).toEqual(['sales/jan.csv']);
  expect(await list({ path: '*.none' })).toMatchObject({ files: [], folders: [] });
});

test('private names and links that lead outside are not shown', async () => {
  const all = JSON.stringify([await list({ path: '**' }), await list({ path: 'links' })]);
  for (const hidden of ['.env', '.git', 'node_modules', 'outside', 'secret', 'dangling', base])
    expect(all).not.toContain(hidden);
  expect(paths(await list({ path: 'links' }))).toEqual(['links/in.csv']);
  expect((await list({ path: 'links' })).folders).toEqual([]);
});

test('a long list continues, and says what it leaves out', async () => {
  const first = await list({ path: 'many' });
  expect(first.files).toHaveLength(200);
  expect(first.more).toBe(true);
  expect(first.files.filter(({ columns }) => columns !== undefined)).toHaveLength(50);
  expect(first.notes).toEqual([
    'the columns of 150 files are left out; list those files by their paths or a narrower pattern',
  ]);
  const second = await list({ path: 'many', columns: false, after: first.files.at(-1)!.path });
  const third = await list({ path: 'many', columns: false, after: second.files.at(-1)!.path });
  expect([...paths(first), ...paths(second), ...paths(third)]).toEqual(
    Array.from({ length: 450 }, (_, i) => `many/${String(i).padStart(3, '0')}.csv`),
  );
  expect([second.more, third.more, second.notes]).toEqual([true, false, []]);
});

test.each([
  ['../x', /^\.\.\/x is outside the folders/],
  ['/etc', /^\/etc is outside the folders/],
  ['sale', /^sale: no such file or folder in "data"; did you mean "sales"\?$/],
  ['a*/../b', /".." is not allowed after a wildcard$/],
  ['none/*.csv', /^none\/: no such file or folder in "data"; it contains "/],
])('an error says what is wrong: %s', async (path, message) => {
  await expect(list({ path })).rejects.toThrow(message);
});

test('without roots, nothing is listed', async () => {
  await expect(list({}, [])).rejects.toThrow('set MCP_TASKS_ROOTS for the worker');
});
