// Writes the tables of docs/limits.md. Run after changing src/mcp/quota/table.ts or src/limits/limits.ts:
// npm run build && node scripts/write-limits.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { limitTables } from '../dist/src/mcp/quota/reference.js';

const docs = new URL('../docs/limits.md', import.meta.url);
const written = Object.entries(limitTables()).reduce(
  (text, [name, table]) =>
    text.replace(
      new RegExp(`(<!-- table: ${name} -->\n).*?(\n<!-- end -->)`, 's'),
      (_, before, after) => `${before}\n${table}${after}`,
    ),
  readFileSync(docs, 'utf8'),
);
writeFileSync(docs, written);
