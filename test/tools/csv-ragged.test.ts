import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectFiles } from '../../src/tools/source/inspect.js';

let root: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mcp-ragged-')));
});
afterAll(async () => await rm(root, { recursive: true }));

async function inspect(lines: readonly string[], header?: boolean) {
  await writeFile(join(root, 'r.csv'), lines.map((line) => `${line}\n`).join(''));
  return await inspectFiles([root], { source: 'r.csv', header }, new AbortController().signal);
}

const ROWS = Array.from({ length: 20 }, (_, i) => `${i},n${i},x`);
const RAGGED = { long: '1,n,x,more', short: '1,n' };
const CASES = (['long', 'short'] as const).flatMap((kind) =>
  [0, 10, 19].flatMap((at) => [undefined, true].map((header) => ({ kind, at, header }))),
);

test.each(CASES)('a row that is too $kind, at $at, below a header: $header', async ({ kind, at, header }) => {
  const lines = ['id,name,z', ...ROWS.with(at, RAGGED[kind])];
  await expect(inspect(lines, header)).rejects.toThrow(
    `r.csv, row ${at + 1}: expected 3 columns but found ${kind === 'long' ? 4 : 2}`,
  );
});

test.each(CASES.filter(({ at }) => at > 0))(
  'a row that is too $kind, at $at, without a header',
  async ({ kind, at }) => {
    const lines = ROWS.with(at, RAGGED[kind]);
    await expect(inspect(lines, false)).rejects.toThrow(
      `r.csv, row ${at + 1}: expected 3 columns but found ${kind === 'long' ? 4 : 2}`,
    );
  },
);

test.each(['long', 'short'] as const)(
  'if the first row is too %s, the others are reported against its number of columns',
  async (kind) => {
    const lines = ROWS.with(0, RAGGED[kind]);
    await expect(inspect(lines, false)).rejects.toThrow(
      `r.csv, row 2: expected ${kind === 'long' ? 4 : 2} columns but found 3`,
    );
  },
);

test('numbers with a decimal comma do not hide the delimiter', async () => {
  const pins = await inspect(['a;b', '1,5;2,5', '1,6;2,6']);
  expect(pins).toMatchObject({ rows: 2, columns: [{ name: 'a' }, { name: 'b' }] });
});

test('lines above the column names are not skipped silently', async () => {
  await expect(inspect(['Report of today', '', 'id,name', ...ROWS.map((_, i) => `${i},n`)])).rejects.toThrow(/^r\.csv/);
});
