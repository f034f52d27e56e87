// Writes the published JSON Schema of a gateway's file, and the reference in docs/gateway.md. Run after changing
// src/gateway/config.ts: npm run build && node scripts/write-schema.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { gatewayJsonSchema } from '../dist/src/gateway/config.js';
import { reference } from '../dist/src/gateway/reference.js';

writeFileSync(
  new URL('../mcp-tasks.schema.json', import.meta.url),
  `${JSON.stringify(gatewayJsonSchema(), null, 2)}\n`,
);

const docs = new URL('../docs/gateway.md', import.meta.url);
const [before] = readFileSync(docs, 'utf8').split(/(?<=<!-- reference -->\n)/);
writeFileSync(docs, `${before}\n${reference()}`);
