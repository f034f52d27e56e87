import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectFiles } from '../../src/tools/source/inspect.js';
import { readFileSql } from '../../src/tools/source/read-sql.js';
import { SourceSession } from '../../src/tools/source/session.js';

let root: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-names-')));
});
afterAll(async () => await rm(root, { recursive: true }));

async function read(source: string): Promise<unknown[]> {
  const pins = await inspectFiles([root], { source }, signal);
  const session = await SourceSession.open(
    pins.files.map(({ path }) => path),
    signal,
  );
  try {
    const rows = [];
    for (const file of pins.files)
      rows.push(...(await session.rows(`SELECT x::INTEGER AS x FROM ${readFileSql(pins, file)}`)));
    return rows.map(({ x }) => x);
  } finally {
    session.close();
  }
}

test.each(['csv', 'ndjson', 'json', 'parquet'])(
  'a .%s file whose name looks like a glob is read, instead of the files it would match',
  async (ending) => {
    const folder = join(root, `in-${ending}`);
    await mkdir(folder);
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    for (const [name, x] of [
      ['a1', 1],
      ['a[1]', 2],
      ['b*', 3],
      ['bb', 4],
      ['c?', 5],
      ['cc', 6],
    ] as const) {
      const path = join(folder, `${name}.${ending}`);
      if (ending === 'parquet') await connection.run(`COPY (SELECT ${x} AS x) TO '${path}' (FORMAT parquet)`);
      else await writeFile(path, ending === 'csv' ? `x\n${x}\n` : `{"x":${x}}\n`);
    }
    connection.closeSync();
    instance.closeSync();
    expect(await read(`in-${ending}/a[1].${ending}`)).toEqual([2]);
    expect(await read(`in-${ending}/b*.${ending}`)).toEqual([3]);
    expect(await read(`in-${ending}/c?.${ending}`)).toEqual([5]);
    expect(await read(`in-${ending}/a*.${ending}`)).toEqual([1, 2]);
  },
);

test('a JSON field with an empty name is refused, not silently dropped', async () => {
  await writeFile(join(root, 'empty.ndjson'), '{"":1,"x":2}\n{"":2,"x":3}\n');
  await expect(inspectFiles([root], { source: 'empty.ndjson' }, signal)).rejects.toThrow(
    'empty.ndjson: a field has an empty name (""), which is not a valid column name',
  );
});

test('fields that only look renamed are kept, even if all their values are null', async () => {
  await writeFile(join(root, 'looks.ndjson'), '{"C0":1,"x":2,"x_1":null,"C12":null}\n');
  const pins = await inspectFiles([root], { source: 'looks.ndjson' }, signal);
  expect(pins.columns.map(({ name }) => name)).toEqual(['C0', 'x', 'x_1', 'C12']);
});

test('a field name with a dollar sign', async () => {
  await writeFile(join(root, 'dollar.ndjson'), `{"a$&":1,"a$&_1":2}\n`);
  const pins = await inspectFiles([root], { source: 'dollar.ndjson' }, signal);
  expect(pins.columns.map(({ name }) => name)).toEqual(['a$&', 'a$&_1']);
});

test('each session has its own folder for temporary data and removes it when closed', async () => {
  const folders = await Promise.all(
    [1, 2].map(async () => {
      const session = await SourceSession.open([], signal);
      const [row] = await session.rows(`SELECT current_setting('temp_directory') AS folder`);
      const folder = String(row?.['folder']);
      expect((await stat(folder)).mode & 0o077).toBe(0);
      session.close();
      await expect(stat(folder)).rejects.toThrow('ENOENT');
      return folder;
    }),
  );
  expect(new Set(folders).size).toBe(2);
});
