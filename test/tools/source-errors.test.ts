import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ToolError } from '../../src/activity/index.js';
import { sourceError } from '../../src/tools/source/errors.js';
import { inspectFiles, recheckFiles } from '../../src/tools/source/inspect.js';
import { SourceSession } from '../../src/tools/source/session.js';

let root: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-source-')));
});
afterAll(async () => await rm(root, { recursive: true }));

async function inspect(name: string, content: string | Buffer, more: object = {}) {
  await writeFile(join(root, name), content);
  return await inspectFiles([root], { source: name, ...more }, signal);
}

const many = (row: (i: number) => string): string => Array.from({ length: 30_000 }, (_, i) => row(i + 1)).join('');

test('a bad CSV value beyond the sample is named by file, row and column', async () => {
  const csv = `name,age\n${many((i) => `n${i},${i}\n`)}x,abc\n`;
  await expect(inspect('rows.csv', csv)).rejects.toThrow(
    'rows.csv, row 30001, column "age": "abc" is not a valid BIGINT',
  );
});

test('row numbers count records, not lines, and exclude skipped lines and the header', async () => {
  const csv = `# made by hand\n# twice\nname,age\n"a\nb",1\n${many((i) => `n${i},${i}\n`)}x,abc\n`;
  await expect(inspect('quoted.csv', csv)).rejects.toThrow('quoted.csv, row 30002, column "age"');
});

test('a CSV row with too many columns', async () => {
  const csv = `a,b\n${many((i) => `${i},${i}\n`)}1,2,3\n`;
  await expect(inspect('wide.csv', csv)).rejects.toThrow('wide.csv, row 30001: expected 2 columns but found 3');
});

test('a CSV that is not UTF-8', async () => {
  const csv = Buffer.concat([Buffer.from(`a,b\n${many((i) => `${i},x\n`)}1,caf`), Buffer.from([0xe9, 0x0a])]);
  await expect(inspect('latin.csv', csv)).rejects.toThrow(/latin\.csv, row 30001: Invalid unicode/);
});

test('quotes are recognized even if the first one comes after the sample', async () => {
  const pins = await inspect('late.csv', `a,b\n${many((i) => `${i},x\n`)}30001,"x,""y"""\n`);
  expect(pins.rows).toBe(30_001);
});

test('a malformed NDJSON row', async () => {
  await expect(inspect('bad.ndjson', `{"a":1}\n{"a":2}\n{"a":x}\n`)).rejects.toThrow(/^bad\.ndjson, row 3: /);
});

test.each([
  ['short.parquet', 'not parquet'],
  ['long.parquet', 'not parquet'.repeat(1_000)],
])('%s: a file that is not Parquet', async (name, content) => {
  const error: unknown = await inspect(name, content).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ToolError);
  expect((error as Error).message).toBe(`${name} is not a Parquet file, or the file is incomplete`);
});

test('an NDJSON field that first appears late gets a column', async () => {
  const pins = await inspect('late.ndjson', `${many((i) => `{"a":${i}}\n`)}{"a":0,"b":"late"}\n`);
  expect(pins.columns.map(({ name }) => name)).toEqual(['a', 'b']);
});

test.each([
  ['scalars.ndjson', '1\n2\n'],
  ['mixed.ndjson', '{"a":1}\n2\n'],
  ['arrays.json', '[[1],[2]]'],
])('%s: rows that are not objects', async (name, content) => {
  await expect(inspect(name, content)).rejects.toThrow(`${name}: every row must be a JSON object with fields`);
});

test('JSON fields that differ only in case are refused, not silently dropped', async () => {
  await expect(inspect('case.ndjson', '{"a":1,"A":2}\n')).rejects.toThrow(
    'case.ndjson: two field names differ from "A" only in upper and lower case; rename one of them',
  );
  const pins = await inspect('suffix.ndjson', '{"a":1,"a_1":2}\n');
  expect(pins.columns.map(({ name }) => name)).toEqual(['a', 'a_1']);
});

test.each([
  ['object.json', '{\n "a": 1,\n "b": [1]\n}', 1],
  ['array.json', ' [{"a":1},{"a":2}]', 2],
  ['lines.json', '{"a":1}\n{"a":2}\n{"a":3}', 3],
  ['many.ndjson', Array.from({ length: 300 }, (_, i) => `{"k${i}":${i}}`).join('\n'), 300],
])('%s', async (name, content, rows) => {
  expect((await inspect(name, content)).rows).toBe(rows);
});

test('compressed JSON of either layout', async () => {
  expect((await inspect('a.json.gz', gzipSync('[{"a":1},{"a":2}]'))).rows).toBe(2);
  expect((await inspect('l.json.gz', gzipSync('{"a":1}\n{"a":2}\n'))).rows).toBe(2);
});

test('files of one source must have the same columns, which get types that fit all files', async () => {
  await writeFile(join(root, 'set-1.csv'), 'a,b\n1,2\n');
  await writeFile(join(root, 'set-2.csv'), 'b;a\nx;1.5\n');
  const pins = await inspectFiles([root], { source: 'set-*.csv' }, signal);
  expect(pins.columns).toEqual([
    { name: 'a', type: 'DOUBLE' },
    { name: 'b', type: 'VARCHAR' },
  ]);
  expect(pins.rows).toBe(2);
  expect(pins.dialects).toHaveLength(2);
  await writeFile(join(root, 'set-3.csv'), 'a,c\n1,2\n');
  await expect(inspectFiles([root], { source: 'set-*.csv' }, signal)).rejects.toThrow(
    'set-3.csv has no column "b", but set-1.csv does; all files of a source must have the same columns',
  );
});

test('an error of the machine is not blamed on the file', () => {
  const full = new Error('Out of Memory Error: failed to allocate');
  expect(sourceError(full)).toBe(full);
  const io = new Error('IO Error: Could not read from file');
  expect(sourceError(io)).toBe(io);
});

test('a source that has changed is reported', async () => {
  const pins = await inspect('change.csv', 'a\n1\n');
  await recheckFiles([root], pins);
  await writeFile(join(root, 'change.csv'), 'a\n1\n2\n');
  await expect(recheckFiles([root], pins)).rejects.toThrow(
    'change.csv has changed since the task began; start a new task when the file is complete',
  );
});

test.each([
  ['bad.csv.gz', /^bad\.csv\.gz cannot be read: Input is not a GZIP stream/],
  ['bad.csv.zst', /^bad\.csv\.zst cannot be read: /],
  ['bad.ndjson.gz', /^bad\.ndjson\.gz cannot be read: Input is not a GZIP stream/],
])('%s: a file that no attempt can read fails at once, without revealing the absolute path', async (name, message) => {
  const error: unknown = await inspect(name, 'not compressed at all').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ToolError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain(root);
});

test.each([
  'Cannot open file "/srv/in/a.csv": Permission denied',
  'ZSTD Decompression failed',
  'Cannot open file "/srv/in/a.csv": Input/output error',
])('%s', (reason) => {
  const error = sourceError(new Error(`IO Error: ${reason}`), ['/srv/in/a.csv']);
  expect(error).toBeInstanceOf(ToolError);
  expect((error as Error).message).toBe(`a.csv cannot be read: ${reason.replace('/srv/in/', '')}`);
});

test('a shortage of resources is retried, whichever file could not be opened', () => {
  const error = new Error('IO Error: Cannot open file "/srv/in/a.csv": Too many open files');
  expect(sourceError(error, ['/srv/in/a.csv'])).toBe(error);
  // This file is not one of the sources.
  const other = new Error('IO Error: Cannot open file "/srv/out/b.csv": No such file or directory');
  expect(sourceError(other)).toBe(other);
});

test('an error names the one unreadable file among several', async () => {
  await writeFile(join(root, 'some-1.ndjson'), '{"a":1}\n');
  await writeFile(join(root, 'some-2.ndjson.gz'), 'not compressed');
  await expect(inspectFiles([root], { source: 'some-*' }, signal)).rejects.toThrow(
    /^some-2\.ndjson\.gz cannot be read: Input is not a GZIP stream: some-2\.ndjson\.gz$/,
  );
});

test('an error about mixed line ends names the file and says what to check', async () => {
  const problem =
    ' is not consistent CSV; check that all rows have the same number of fields, close their quotes, and end the same way (\\n or \\r\\n)';
  await expect(inspect('mixed.csv', 'a,b\r\n1,2\n3,4\r\n')).rejects.toThrow(`mixed.csv${problem}`);
  await expect(inspect('later.csv', `a,b\r\n${many(() => '1,2\r\n')}1,2\n3,4\r\n`)).rejects.toThrow(
    `later.csv${problem}`,
  );
});

test('a quote that is not closed', async () => {
  await expect(inspect('quote.csv', 'a,b\n"x,2\n3,4\n')).rejects.toThrow(
    'quote.csv, row 1: a quote is not closed, or text follows the closing quote',
  );
});

/** Returns rows of text as DuckDB compresses them, in several blocks. */
async function zstd(): Promise<Buffer> {
  const path = join(root, 'made.csv.zst');
  const session = await SourceSession.open([], signal, { folder: root });
  await session.rows(`COPY (SELECT 'v' || (range * 7919) AS v FROM range(100000)) TO '${path}' (COMPRESSION zstd)`);
  session.close();
  return await readFile(path);
}

test('a compressed file that was cut off or damaged is refused, because DuckDB reads it without an error', async () => {
  const gz = gzipSync(`v\n${many((i) => `v${i * 7919}\n`)}`);
  const zst = await zstd();
  for (const [name, whole] of [
    ['cut.csv.gz', gz],
    ['cut.csv.zst', zst],
  ] as const) {
    expect((await inspect(name, whole)).rows).toBeGreaterThanOrEqual(30_000);
    expect((await inspect(name, Buffer.concat([whole, whole]))).rows).toBeGreaterThanOrEqual(60_000);
    for (const left of [whole.length - 1, whole.length - 9, whole.length >> 1])
      await expect(inspect(name, whole.subarray(0, left))).rejects.toThrow(
        `${name} is incomplete: it was cut off. Copy or download it again.`,
      );
  }
  const damaged = Buffer.from(gz);
  damaged[gz.length - 6]! ^= 1;
  await expect(inspect('damaged.csv.gz', damaged)).rejects.toThrow(/^damaged\.csv\.gz is damaged \(/);
  await expect(inspect('cut.ndjson.gz', gzipSync(many((i) => `{"a":${i}}\n`)).subarray(0, 5_000))).rejects.toThrow(
    'cut.ndjson.gz is incomplete',
  );
});
