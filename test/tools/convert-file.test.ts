import { rmSync, writeFileSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ToolError, type StepContext } from '../../src/activity/index.js';
import { convert, type ConvertCheckpoint } from '../../src/tools/convert/convert.js';
import { Parts } from '../../src/tools/convert/parts.js';
import type { ConvertArguments, ConvertResult } from '../../src/tools/convert/schema.js';
import { hidingPaths } from '../../src/tools/hide-paths.js';
import type { ToolsConfig } from '../../src/tools/index.js';
import { loadId } from '../../src/tools/target/names.js';
import { FLIGHTS } from '../helpers/reference-tools.js';

let root: string;
let config: ToolsConfig;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-convert-')));
  config = { roots: [root], databases: {} };
  for (const i of [1, 2, 3]) await writeFile(join(root, `in-${i}.csv`), `n,note\n${i},"say ""hi"""\n${i},\n`);
});
afterEach(async () => await rm(root, { recursive: true }));

class Context implements StepContext<ConvertCheckpoint> {
  readonly taskId = 'task-1';
  readonly abort = new AbortController();
  readonly signal = this.abort.signal;
  readonly checkpoints: ConvertCheckpoint[] = [];
  readonly reports: [number, number | undefined, string | undefined][] = [];
  onCheckpoint: (value: ConvertCheckpoint) => void = () => {};

  readonly lastCheckpoint: ConvertCheckpoint | undefined;

  constructor(
    last?: ConvertCheckpoint,
    readonly attempt = 1,
  ) {
    this.lastCheckpoint = last;
  }

  progress(done: number, total?: number, message?: string): void {
    this.reports.push([done, total, message]);
  }

  checkpoint(value: ConvertCheckpoint): void {
    this.checkpoints.push(value);
    this.onCheckpoint(value);
  }
}

async function run(args: Partial<ConvertArguments>, ctx = new Context()): Promise<ConvertResult> {
  return await convert(config, { source: 'in-1.csv', target: 'out.parquet', overwrite: false, ...args }, ctx);
}

async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return await (await connection.run(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const leftovers = async (): Promise<string[]> => (await readdir(root)).filter((name) => name.startsWith('.'));

test.each(['out.csv', 'out.csv.gz', 'out.json', 'out.ndjson', 'out.parquet'])(
  'CSV is converted to %s and back',
  async (target) => {
    expect(await run({ target })).toMatchObject({ target, rows: 2, files: 1 });
    expect(await run({ source: target, target: 'back.csv' })).toMatchObject({ rows: 2, format: 'csv' });
    expect(await readFile(join(root, 'back.csv'), 'utf8')).toBe('n,note\n1,"say ""hi"""\n1,\n');
    expect(await leftovers()).toEqual([]);
  },
);

test.each(['wide.csv', 'wide.ndjson', 'wide.parquet'])('a file of 1,500 columns is converted to %s', async (target) => {
  const cells = (of: (i: number) => string): string => Array.from({ length: 1_500 }, (_, i) => of(i)).join(',');
  const csv = `${cells((i) => `c${i}`)}\n${cells((i) => (i % 2 ? '' : `x${i}`))}\n`;
  await writeFile(join(root, 'from.csv'), csv);
  expect(await run({ source: 'from.csv', target })).toMatchObject({ rows: 1 });
  await run({ source: target, target: 'back.csv' });
  expect(await readFile(join(root, 'back.csv'), 'utf8')).toBe(csv);
});

test('a source that changes while it is converted is reported, even if it keeps its number of rows', async () => {
  const ctx = new Context();
  ctx.onCheckpoint = ({ files }) => {
    if (files === 1) writeFileSync(join(root, 'in-1.csv'), 'n,note\n1,"now longer"\n1,\n');
  };
  await expect(run({ source: 'in-*.csv' }, ctx)).rejects.toThrow(
    'in-1.csv has changed since the task began; start a new task when the file is complete',
  );
  await expect(stat(join(root, 'out.parquet'))).rejects.toThrow('ENOENT');
  expect(await leftovers()).toEqual([]);
});

test('long numbers keep their digits in every format', async () => {
  const csv = 'id,amount,price\n12345678901234567890,123456789.123456789012,1.50\n12345678901234567891,0.5,2.25\n';
  await writeFile(join(root, 'long.csv'), csv);
  await run({ source: 'long.csv', target: 'long.json' });
  expect(await readFile(join(root, 'long.json'), 'utf8')).toBe(
    '[\n{"id":12345678901234567890,"amount":123456789.123456789012,"price":1.50}\n' +
      ',{"id":12345678901234567891,"amount":0.500000000000,"price":2.25}\n]\n',
  );
  await run({ source: 'long.json', target: 'long.parquet' });
  await run({ source: 'long.parquet', target: 'back.ndjson' });
  expect(await readFile(join(root, 'back.ndjson'), 'utf8')).toContain(
    '12345678901234567890,"amount":123456789.123456789012',
  );
});

test('NaN is refused in JSON, by file, row and column', async () => {
  await writeFile(join(root, 'nan.csv'), 'a,x\n1,0.5\n2,NaN\n');
  await expect(run({ source: 'nan.csv', target: 'nan.json' })).rejects.toThrow(
    'nan.csv, row 2, column "x": "nan" cannot be written as JSON; write csv or parquet, or use `types` to make the column VARCHAR',
  );
  expect(await run({ source: 'nan.csv', target: 'nan.json', types: { x: 'VARCHAR' } })).toMatchObject({ rows: 2 });
});

test('files whose types differ are combined only if no value changes', async () => {
  const file = (name: string): string => join(root, name);
  await query(`COPY (SELECT 9007199254740993::BIGINT AS n) TO '${file('n-1.parquet')}' (FORMAT parquet)`);
  await query(`COPY (SELECT 0.5::DOUBLE AS n) TO '${file('n-2.parquet')}' (FORMAT parquet)`);
  await expect(run({ source: 'n-*.parquet', target: 'n.csv' })).rejects.toThrow(
    'n-1.parquet, row 1, column "n": "9007199254740993" does not fit the type DOUBLE, which other files need; choose the column\'s type with `types`',
  );
  await run({ source: 'n-*.parquet', target: 'n.csv', types: { n: 'VARCHAR' } });
  expect(await readFile(file('n.csv'), 'utf8')).toBe('n\n9007199254740993\n0.5\n');
});

test('several files are combined in the order of their names, with a checkpoint after each', async () => {
  const ctx = new Context();
  expect(await run({ source: 'in-*.csv' }, ctx)).toMatchObject({ rows: 6, files: 3, format: 'parquet' });
  expect(await query(`SELECT n::INTEGER FROM '${join(root, 'out.parquet')}'`)).toEqual([[1], [1], [2], [2], [3], [3]]);
  expect(ctx.checkpoints.map(({ files }) => files)).toEqual([1, 2, 3, 3]);
  expect(ctx.reports.at(-1)).toEqual([6, 6, 'rows']);
});

test('three million rows', async () => {
  config = { roots: [root, join(FLIGHTS, '..')], databases: {} };
  expect(await run({ source: FLIGHTS, target: 'flights.csv.gz' })).toMatchObject({ rows: 3_000_000 });
}, 180_000);

test('a retry converts only the missing parts', async () => {
  const first = new Context();
  first.onCheckpoint = ({ files }) => {
    if (files === 2) throw new Error('the worker died');
  };
  await expect(run({ source: 'in-*.csv' }, first)).rejects.toThrow('the worker died');
  const [folder] = await leftovers();
  const before = await readFile(join(root, folder!, '0.parquet'));
  await writeFile(join(root, folder!, '1.parquet'), before);
  const second = new Context(first.checkpoints.at(-1));
  await run({ source: 'in-*.csv' }, second);
  // The second part still has the first part's rows, so the retry did not make it again.
  expect(await query(`SELECT n::INTEGER FROM '${join(root, 'out.parquet')}'`)).toEqual([[1], [1], [1], [1], [3], [3]]);
  expect(await leftovers()).toEqual([]);
});

test('a retry recognizes the target that its first attempt published', async () => {
  const first = new Context();
  await run({}, first);
  expect(await run({}, new Context(first.checkpoints.at(-1)))).toMatchObject({ rows: 2 });
});

test('a retry recognizes the target of an attempt that died before recording it', async () => {
  const first = new Context();
  await run({ source: 'in-*.csv' }, first);
  const folder = join(root, `.out.parquet.mcp-${loadId(first.taskId)}`);
  await mkdir(folder);
  await link(join(root, 'out.parquet'), join(folder, 'whole-out.parquet'));
  expect(await run({ source: 'in-*.csv' }, new Context())).toMatchObject({ rows: 6 });
  expect(await leftovers()).toEqual([]);
});

test('an existing target is refused, unless `overwrite` is set', async () => {
  await writeFile(join(root, 'out.parquet'), 'mine');
  await expect(run({})).rejects.toThrow('out.parquet exists; set `overwrite` to replace it');
  expect(await readFile(join(root, 'out.parquet'), 'utf8')).toBe('mine');
  expect(await run({ overwrite: true })).toMatchObject({ rows: 2 });
});

test('a bad row leaves nothing', async () => {
  await writeFile(join(root, 'bad.csv'), `a\n${'1\n'.repeat(30_000)}x\n`);
  await expect(run({ source: 'bad.csv' })).rejects.toThrow('bad.csv, row 30001, column "a": "x" is not a valid BIGINT');
  expect(await leftovers()).toEqual([]);
});

test('a cancelled conversion leaves nothing', async () => {
  const ctx = new Context();
  ctx.onCheckpoint = () => ctx.abort.abort(new CancelledFailure('CANCELLED'));
  await expect(run({ source: 'in-*.csv' }, ctx)).rejects.toThrow('CANCELLED');
  expect(await leftovers()).toEqual([]);
  expect(await readdir(root)).not.toContain('out.parquet');
});

test('a target outside the roots is refused', async () => {
  await symlink(tmpdir(), join(root, 'away'));
  for (const target of ['../out.csv', 'away/out.csv', '/etc/out.csv'])
    await expect(run({ target })).rejects.toThrow('outside');
});

test('a target without the extension of a data file is refused, whatever the format', async () => {
  for (const target of ['index.js', 'Makefile', 'data.csv.exe', '.csv']) {
    await expect(run({ target, targetFormat: 'csv', overwrite: true })).rejects.toThrow(
      /name must end in \.csv|this tool may not access/,
    );
  }
  expect(await run({ target: 'out.TSV', targetFormat: 'csv' })).toMatchObject({ format: 'csv' });
});

test.each(['package.json', 'Package.JSON', 'tsconfig.json', 'tsconfig.build.json', 'composer.json'])(
  '%s: a file that holds settings is neither written nor overwritten, in any format',
  async (target) => {
    for (const targetFormat of [undefined, 'json', 'ndjson', 'csv'] as const)
      await expect(run({ target, targetFormat, overwrite: true })).rejects.toThrow(ToolError);
    expect(await readdir(root)).not.toContain(target);
    await writeFile(join(root, target), '{"name":"mine"}');
    await expect(run({ target, overwrite: true })).rejects.toThrow(
      `${target}: files with this name hold settings, not data; use another name`,
    );
    expect(await readFile(join(root, target), 'utf8')).toBe('{"name":"mine"}');
  },
);

test('a .json target is an array, and replaces only an array, because settings are objects', async () => {
  await expect(run({ target: 'out.json', targetFormat: 'ndjson' })).rejects.toThrow(
    'out.json: the name is that of a json file; rename the target, or leave out `targetFormat`',
  );
  await writeFile(join(root, 'turbo.json'), ' {"tasks":{}}');
  await expect(run({ target: 'turbo.json', overwrite: true })).rejects.toThrow(
    'turbo.json is not an array of rows, so it may hold settings; use another name',
  );
  expect(await readFile(join(root, 'turbo.json'), 'utf8')).toBe(' {"tasks":{}}');
  await run({ target: 'rows.json' });
  expect(await run({ target: 'rows.json', overwrite: true })).toMatchObject({ rows: 2 });
});

test('a target that is one of its sources is refused, by whatever name, and keeps its content', async () => {
  await link(join(root, 'in-2.csv'), join(root, 'same.csv'));
  await mkdir(join(root, 'folder.csv'));
  for (const [source, target] of [
    ['in-1.csv', 'in-1.csv'],
    ['in-*.csv', './in-3.csv'],
    ['in-2.csv', 'same.csv'],
  ] as const)
    await expect(run({ source, target, overwrite: true })).rejects.toThrow(/csv is also the source; write to another/);
  expect(await readFile(join(root, 'in-1.csv'), 'utf8')).toContain('say');
  await expect(run({ target: 'folder.csv', overwrite: true })).rejects.toThrow('folder.csv is not a file');
  expect(await leftovers()).toEqual([]);
});

test('errors about the target contain no absolute path', async () => {
  const full = join(root, 'full');
  await mkdir(full);
  await writeFile(join(full, `.out.csv.mcp-${loadId('task-1')}`), 'in the way of the folder for temporary files');
  for (const target of ['a\0.csv', `${'x'.repeat(230)}.csv`, 'full/out.csv']) {
    const error = (await hidingPaths(config, async () => await run({ target })).catch((e: unknown) => e)) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(error.message).not.toContain(root);
    expect(error.stack).not.toContain(root);
  }
  await expect(run({ target: 'a\0.csv' })).rejects.toThrow('outside');
  await expect(run({ target: `${'x'.repeat(230)}.csv` })).rejects.toThrow('name is too long; use at most 200 bytes');
});

test.each(['out.parquet', 'out.csv'])(
  '%s: a retry accepts a target with the same content and refuses any other',
  async (target) => {
    await run({ source: 'in-*.csv', target });
    expect(await run({ source: 'in-*.csv', target }, new Context(undefined, 2))).toMatchObject({ rows: 6 });
    await writeFile(join(root, target), 'mine');
    await expect(run({ source: 'in-*.csv', target }, new Context(undefined, 2))).rejects.toThrow(`${target} exists`);
    expect(await readFile(join(root, target), 'utf8')).toBe('mine');
    expect(await leftovers()).toEqual([]);
  },
);

test('an attempt whose folder another one removed fails with a retryable error', async () => {
  const second = new Context(undefined, 2);
  second.onCheckpoint = () =>
    rmSync(join(root, `.out.csv.mcp-${loadId(second.taskId)}`), { recursive: true, force: true });
  const outcome: unknown = await run({ source: 'in-*.csv', target: 'out.csv' }, second).catch((e: unknown) => e);
  expect(outcome).not.toBeInstanceOf(ToolError);
  expect((outcome as Error).message).toBe('another attempt has removed the temporary files');
});

test('overlapping attempts never write to the same file', async () => {
  const parts = new Parts(join(root, 'out.csv'), 'id');
  await parts.open();
  const names: string[] = [];
  await parts.write(parts.whole, async (outer) => {
    names.push(outer);
    await writeFile(outer, 'one');
    await parts.write(parts.whole, async (inner) => {
      names.push(inner);
      await writeFile(inner, 'two');
    });
  });
  expect(new Set(names).size).toBe(2);
  expect(await readFile(parts.whole, 'utf8')).toBe('one');
  await parts.remove();
});
