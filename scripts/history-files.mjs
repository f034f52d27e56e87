// Writes the files of test/replay/histories, each with one execution of a shipped workflow.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { version } from './version.mjs';

const { History } = proto.temporal.api.history.v1;
export const histories = fileURLToPath(new URL('../test/replay/histories', import.meta.url));

export async function record(client, name, workflowId, runId) {
  const file = join(histories, `${name}-${version}.json`);
  if (existsSync(file)) return void process.stdout.write(`${name}: kept\n`);
  const handle = client.workflow.getHandle(workflowId, runId);
  await handle.result().catch(() => undefined);
  const plain = History.toObject(await handle.fetchHistory(), { longs: String, enums: String, bytes: String });
  const history = JSON.parse(JSON.stringify(plain), withoutMachine);
  // The names of sticky task queues contain the host name.
  const text = JSON.stringify({ workflowId, history }, undefined, 1).replaceAll(hostname(), 'host');
  await writeFile(file, `${text}\n`);
  process.stdout.write(`${name}: ${history.events.length} events\n`);
}

/** Removes worker identities, which name the recording machine, and stack traces, which contain its paths. */
function withoutMachine(field, value) {
  if (field === 'identity') return 'worker';
  if (field === 'stackTrace') return '';
  return value;
}
