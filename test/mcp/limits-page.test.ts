/** `docs/limits.md` states the limits that the code has. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { limitTables } from '../../src/mcp/quota/reference.js';

/** Without the padding that the formatter adds. */
const plain = (markdown: string): string => markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

it.each(Object.entries(limitTables()))(
  'has the table %s (or run: node scripts/write-limits.mjs)',
  async (name, table) => {
    const page = await readFile(new URL('../../docs/limits.md', import.meta.url), 'utf8');
    const [, written = ''] = new RegExp(`<!-- table: ${name} -->\n(.*?)\n<!-- end -->`, 's').exec(page) ?? [];
    expect(plain(written)).toBe(plain(table));
  },
);
