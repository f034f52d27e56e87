/** The cluster crashes while tasks are running, then restarts on the same databases. It belongs to this file alone. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../helpers/authorization-server.js';
import { NAMESPACES } from './setup/certificates.js';
import { ERAS, Refused, taskClient, type Era, type TaskClient } from './setup/eras.js';
import { startMcpServer, startWorker, type McpServer } from './setup/nodes.js';
import { stopAll } from './setup/processes.js';
import { makeNamespaces, startTemporal, type TemporalServer } from './setup/temporal.js';

const resource = 'https://mcp.example.com/mcp';
/** Maximum time for an answer while the cluster is down, in milliseconds. */
const LONGEST = 5_000;
/** Enough parts that some are written before, some during and some after the outage. */
const PARTS = 1_500;
let data: string;
let issuer: AuthorizationServer;
let temporal: TemporalServer;
let server: McpServer;
let clients: Record<Era, TaskClient>;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  const { program, certificates, databaseUrl } = inject('cluster');
  temporal = await startTemporal({ program, dir: join(data, '.temporal'), certificates, databaseUrl, name: 'outage' });
  await makeNamespaces(temporal, certificates, NAMESPACES.slice(0, 1));
  const place = { address: temporal.address };
  server = await startMcpServer({ issuer: issuer.issuer, resource, key: randomBytes(32).toString('hex'), place });
  await Promise.all([startWorker('go', data, place), startWorker('python', data, place)]);
  const token = await issuer.forge({ sub: 'ann', aud: resource, exp: Math.floor(Date.now() / 1000) + 3_600 });
  clients = {
    '2025-11-25': taskClient('2025-11-25', server.url, token),
    '2026-07-28': taskClient('2026-07-28', server.url, token),
  };
});
afterAll(async () => {
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

/** Runs an operation. @returns its answer or error, and how long it took in milliseconds */
async function answered(operation: () => Promise<unknown>): Promise<{ answer: unknown; took: number }> {
  const from = performance.now();
  const answer = await Promise.race([operation(), delay(2 * LONGEST, 'nothing')]).catch((error: unknown) =>
    error instanceof Refused ? error.reply : error,
  );
  return { answer, took: performance.now() - from };
}

it('during an outage every operation gets a retryable error in time, and afterwards all tasks continue', async () => {
  // Per era: a task in a heartbeating activity, one waiting for its source, and one in a timer that ends meanwhile.
  const tasks = await Promise.all(
    ERAS.map(async (era) => {
      const client = clients[era];
      const name = (what: string): string => `${what}_${era.slice(0, 4)}`;
      await Promise.all(
        [`${name('busy')}.csv`, `${name('timer')}.archive`].map(
          async (source) => await writeFile(join(data, source), ''),
        ),
      );
      const busy = await client.start('nightly_load', { table: name('busy'), parts: PARTS });
      const waiting = await client.start('nightly_load', { table: name('waiting'), parts: 3 });
      const timer = await client.start('backfill', { table: name('timer'), days: 3, settle_ms: 8_000 });
      await expect
        .poll(async () => (await client.get(busy)).statusMessage, { timeout: 30_000 })
        .toMatch(/^LoadParts: \d+ of/);
      await expect
        .poll(async () => (await client.get(waiting)).statusMessage, { timeout: 30_000 })
        .toMatch(/^OpenSource: attempt \d+ of 100 failed/);
      await expect.poll(async () => (await client.get(timer)).statusMessage, { timeout: 30_000 }).toBeUndefined();
      return { era, client, name, ids: [busy, waiting, timer] as const };
    }),
  );
  const legacy = tasks.find(({ era }) => era === '2025-11-25') as (typeof tasks)[number];
  const awaited = legacy.client.result(legacy.ids[1]);

  await temporal.process.kill();
  for (let round = 0; round < 2; round++) {
    const operations = tasks.flatMap(({ era, client, ids: [busy] }) => [
      ['start', async () => await client.start('backfill', { table: 'more', days: 1 })] as const,
      ['get', async () => await client.get(busy)] as const,
      ['cancel', async () => await client.cancel(busy)] as const,
      ...(era === '2025-11-25' ? [['list', async () => await client.list()] as const] : []),
    ]);
    const seen = await Promise.all(
      operations.map(async ([operation, run]) => ({ operation, ...(await answered(run)) })),
    );
    for (const { operation, answer, took } of seen) {
      expect(answer, operation).toMatchObject({ error: { code: -32603, data: { retryable: true } } });
      expect(took, operation).toBeLessThan(LONGEST);
    }
  }

  // This call waits for the task anyway; the outage only makes the wait longer.
  const askedMeanwhile = legacy.client.result(legacy.ids[2]);

  temporal = temporal.again();
  for (const { name } of tasks) await writeFile(join(data, `${name('waiting')}.csv`), '');
  await expect
    .poll(
      async () =>
        await Promise.all(tasks.map(async ({ client, ids: [busy] }) => await client.get(busy))).then(
          () => true,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
  expect(await awaited).toMatchObject({ structuredContent: { rows: 3_000 } });
  expect(await askedMeanwhile).toMatchObject({ structuredContent: { days: 3 } });
  for (const {
    client,
    name,
    ids: [busy, waiting, timer],
  } of tasks) {
    expect(await client.result(busy)).toMatchObject({ structuredContent: { rows: PARTS * 1000 } });
    expect((await readdir(join(data, name('busy')))).length).toBe(PARTS);
    expect(await client.result(waiting)).toMatchObject({ structuredContent: { rows: 3_000 } });
    expect(await client.result(timer)).toMatchObject({ structuredContent: { days: 3 } });
    await writeFile(join(data, `${name('after')}.archive`), '');
    expect(await client.result(await client.start('backfill', { table: name('after'), days: 1 }))).toMatchObject({
      structuredContent: { days: 1 },
    });
  }
  await expect
    .poll(async () => (await clients['2025-11-25'].list()).length, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(8);
}, 300_000);
