/**
 * `npm run conformance:2025:peer`: writes what the suite finds wrong with the v1 SDK's own tasks to the table next to
 * this file in the repository.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { rules } from '../rules/index.js';
import { runAll, type Result } from '../suite/run.js';
import { startSdkV1 } from './sdk-v1.js';

const TABLE = resolve('conformance/2025-11-25/peers/sdk-v1.md');

// Read the file, because the package does not export it.
const { version } = JSON.parse(
  await readFile(resolve('node_modules/@modelcontextprotocol/sdk/package.json'), 'utf8'),
) as { version: string };

/** Hides task IDs, which differ in every run, and formats the message for a table cell. */
function settled(message: string): string {
  return message
    .replaceAll(/\b[0-9a-f]{32}\b/g, '…')
    .replaceAll(/\\n\s*/g, ' ')
    .replaceAll(/([|<>])/g, '\\$1');
}

function table(results: readonly Result[]): string {
  const own = results.filter(({ id }) => rules.some((rule) => rule.id === id && rule.sameAs === undefined));
  const count = (status: Result['status']): number => own.filter((result) => result.status === status).length;
  const rows = own
    .filter(({ status }) => status === 'failed')
    .map(
      ({ id, sentence, message }) =>
        `| ${id} | ${rules.find((rule) => rule.id === id)?.level} | ${settled(sentence)} | ${settled(message)} |`,
    );
  return `# The v1 SDK's own tasks

\`@modelcontextprotocol/sdk\` ${version} with its \`InMemoryTaskStore\`, \`InMemoryTaskMessageQueue\` and \`registerToolTask\`, in sessions over Streamable HTTP with its \`InMemoryEventStore\` (\`sdk-v1.ts\`). Where the SDK leaves something to the author, this server follows the specification, so that every failure is the SDK's own. Written by \`npm run conformance:2025:peer\`.

${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped

| rule | level | sentence | what was seen |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const peer = await startSdkV1();
try {
  await writeFile(TABLE, table(await runAll({ url: peer.url })));
  process.stdout.write(`Wrote ${TABLE}\n`);
} finally {
  await peer.close();
}
