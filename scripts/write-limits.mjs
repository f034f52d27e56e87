// Writes the tables of docs/limits.md. Run after changing a limit in src/mcp/quota, src/limits, src/json-schema or src/tools:
// npm run build && node scripts/write-limits.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { limitTables } from '../dist/src/mcp/quota/reference.js';
import { toolLimitTable } from '../dist/src/tools/limits-reference.js';

const docs = new URL('../docs/limits.md', import.meta.url);
const written = Object.entries({ ...limitTables(), tools: toolLimitTable() }).reduce(
  (text, [name, table]) =>
    text.replace(
      new RegExp(`(<!-- table: ${name} -->\n).*?(\n<!-- end -->)`, 's'),
      (_, before, after) => `${before}\n${table}${after}`,
    ),
  readFileSync(docs, 'utf8'),
);
writeFileSync(docs, written);
