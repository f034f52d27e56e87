/** `mcp-tasks-temporal doctor` on the cluster, by what the role may see and do. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Role } from './setup/certificates.js';
import { runDoctor, startWorker } from './setup/nodes.js';
import { stopAll } from './setup/processes.js';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  await startWorker('go', data);
  await startWorker('python', data);
});
afterAll(async () => {
  await stopAll();
  await rm(data, { recursive: true, force: true });
});

it.each<[Role, number, RegExp[]]>([
  // Of workers that earlier tests have ended Temporal knows for some minutes.
  ['worker', 0, [/^ok +task queue nightly-load \(nightly_load\): \d+ workers?$/m, /^ok +task queue backfill \(backfill\): \d+ workers?$/m, /^ok +namespace warehouse keeps closed workflows for 24 hours$/m]],
  // All that serving needs; what it cannot see it says.
  ['tasks', 1, [/^ok +rights in namespace warehouse: start, read, /m, /^warning +namespace warehouse: its retention is not for this role to see$/m, /^warning +task queue backfill /m]],
  ['reader', 2, [/^error +rights in namespace warehouse: this role may not start, signal, cancel workflows$/m]],
])('with the role %s it ends with %i', async (role, code, lines) => {
  const doctor = await runDoctor(role);
  expect(doctor.code, doctor.output).toBe(code);
  for (const line of lines) expect(doctor.output).toMatch(line);
});
