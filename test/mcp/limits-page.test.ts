/** `docs/limits.md` and the options' comments state the limits that the code has. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { limitTables } from '../../src/mcp/quota/reference.js';
import { toolLimitTable } from '../../src/tools/limits-reference.js';
import { SHARED, SINGLE } from '../../src/mcp/quota/table.js';

/** Without the padding that the formatter adds. */
const plain = (markdown: string): string => markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

it.each(Object.entries({ ...limitTables(), tools: toolLimitTable() }))(
  'has the table %s (or run: node scripts/write-limits.mjs)',
  async (name, table) => {
    const page = await readFile(new URL('../../docs/limits.md', import.meta.url), 'utf8');
    const [, written = ''] = new RegExp(`<!-- table: ${name} -->\n(.*?)\n<!-- end -->`, 's').exec(page) ?? [];
    expect(plain(written)).toBe(plain(table));
  },
);

it('has the defaults in the comments of the options', async () => {
  const source = await readFile(new URL('../../src/mcp/quota/table.ts', import.meta.url), 'utf8');
  const options = source.slice(source.indexOf('export interface LimitOptions'));
  const stated = Object.fromEntries(
    [...options.matchAll(/@default (\{[^}]*\}|\d+)[^/]*\/\s*readonly (\w+)\?/g)].map(([, value = '', name = '']) => [
      name,
      value.replaceAll(' ', ''),
    ]),
  );
  const shared = Object.entries(SHARED).map(([name, { perOwner, perProcess }]) => [
    name,
    `{perOwner:${perOwner},perProcess:${perProcess}}`,
  ]);
  const single = Object.entries(SINGLE).map(([name, { each }]) => [name, String(each)]);
  expect(stated).toEqual(Object.fromEntries([...shared, ...single]));
});
