/** `mcp-tasks-temporal doctor` on the cluster, with roles that may see and do different things. */
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
  // Any number of workers: one stopped by an earlier test counts until its last poll would have timed out.
  [
    'worker',
    0,
    [
      /^ok +task queue nightly-load \(nightly_load\): \d+ workers?, last seen /m,
      /^ok +task queue backfill \(backfill\): \d+ workers?, last seen /m,
      /^ok +namespace warehouse keeps closed workflows for 24 hours\b/m,
      /^ok +Temporal \S+ at \S+ \(TLS, client certificate\)$/m,
    ],
  ],
  // This role may do everything serving needs; the doctor warns about what it cannot see.
  [
    'tasks',
    1,
    [
      /^ok +rights in namespace warehouse: this role may start, read, cancel, list and count workflows$/m,
      /^warning +namespace warehouse: this role may not read its retention and limits$/m,
      /^warning +task queue backfill /m,
    ],
  ],
  [
    'reader',
    2,
    [
      /^error +rights in namespace warehouse: this role may not start and cancel workflows \(StartWorkflowExecution, RequestCancelWorkflowExecution\): /m,
    ],
  ],
])('with the role %s doctor exits with %i', async (role, code, lines) => {
  const doctor = await runDoctor(role);
  expect(doctor.code, doctor.output).toBe(code);
  for (const line of lines) expect(doctor.output).toMatch(line);
});
