/** Three MCP servers behind a round-robin proxy and three workers, killed one at a time. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../helpers/authorization-server.js';
import { certificateOf } from './setup/certificates.js';
import { ERAS, Refused, taskClient, type TaskClient } from './setup/eras.js';
import { startMcpServer, startWorker, type McpServer } from './setup/nodes.js';
import { stopAll, type Process } from './setup/processes.js';
import { startProxy, type Proxy } from './setup/proxy.js';
import { tlsOf } from './setup/temporal.js';

const resource = 'https://mcp.example.com/mcp';
const key = randomBytes(32).toString('hex');
const PARTS = 20;
let data: string;
let issuer: AuthorizationServer;
let servers: McpServer[];
let workers: { language: 'go' | 'python'; process: Process }[];
let proxy: Proxy;
let temporal: Client;

const serve = async (port = 0): Promise<McpServer> =>
  await startMcpServer({ issuer: issuer.issuer, resource, key, port });

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  servers = await Promise.all([serve(), serve(), serve()]);
  workers = await Promise.all(
    (['go', 'go', 'python'] as const).map(async (language) => ({
      language,
      process: await startWorker(language, data),
    })),
  );
  proxy = await startProxy(servers.map(({ url }) => url));
  const { address, namespace, certificates } = inject('cluster');
  temporal = new Client({
    connection: await Connection.connect({ address, tls: await tlsOf(certificateOf(certificates, 'admin')) }),
    namespace,
  });
});
afterAll(async () => {
  await proxy.close();
  await temporal.connection.close();
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

it.each(ERAS)('each operation on a task is answered by another replica (%s)', async (era) => {
  const client = taskClient(era, proxy.url, await issuer.signIn('ann', { resource }));
  const before = proxy.went.length;
  const taskId = await client.start('nightly_load', { table: `orders_${era.slice(0, 4)}`, parts: PARTS });
  expect(await client.get(taskId)).toMatchObject({ status: 'working' });
  await client.cancel(taskId);
  expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' });
  const ports = proxy.went.slice(before);
  expect(new Set(ports).size).toBe(3);
  expect(ports.filter((port, index) => port === ports[index + 1])).toEqual([]);
});

it('every replica lists the tasks that another one started', async () => {
  const client = taskClient('2025-11-25', proxy.url, await issuer.signIn('eve', { resource }));
  const ids = [];
  for (let started = 0; started < 3; started++)
    ids.push(await client.start('nightly_load', { table: 'secrets', parts: 1 }));
  for (let replica = 0; replica < 3; replica++)
    await expect.poll(async () => (await client.list()).toSorted(), { timeout: 30_000 }).toEqual(ids.toSorted());
});

/** Throws `error` unless it tells the client to try again, the only error allowed while a replica or worker is gone. */
function assertRetryable(error: unknown): void {
  // The connection was lost before the headers, or while the body was read.
  const lost = error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message);
  const answered = error instanceof Refused ? error.reply : undefined;
  const asked = (answered?.error?.data as { retryable?: boolean } | undefined)?.retryable;
  if (!lost && answered?.status !== 502 && !asked) throw error;
}

const seen = { answers: 0, errors: 0 };
async function again<T>(operation: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const answer = await operation();
      seen.answers++;
      return answer;
    } catch (error) {
      assertRetryable(error);
      seen.errors++;
      await delay(500);
    }
  }
}

async function toTheEnd(client: TaskClient, tool: string, args: object, name: string): Promise<unknown> {
  const taskId = await again(async () => await client.start(tool, args, name));
  while ((await again(async () => await client.get(taskId))).status === 'working') await delay(2_000);
  return (await again(async () => await client.result(taskId))).structuredContent;
}

it('200 tasks end correctly while replicas and workers are killed, and clients see only retryable errors', async () => {
  const since = new Date().toISOString();
  // The authorization server's own tokens expire after five minutes, too soon on a busy machine.
  const token = await issuer.forge({ sub: 'bob', aud: resource, exp: Math.floor(Date.now() / 1000) + 3_600 });
  const work = Array.from({ length: 200 }, (_, number) => {
    const name = `t${number}`;
    const client = taskClient(ERAS[number % 2] as (typeof ERAS)[number], proxy.url, token);
    return number % 4 < 3
      ? {
          name,
          source: `${name}.csv`,
          made: name,
          expected: { table: name, parts: PARTS, rows: PARTS * 1000 },
          run: async () => await toTheEnd(client, 'nightly_load', { table: name, parts: PARTS, settleMs: 1_000 }, name),
        }
      : {
          name,
          source: `${name}.archive`,
          made: `${name}.days`,
          expected: { table: name, days: PARTS },
          run: async () => await toTheEnd(client, 'backfill', { table: name, days: PARTS, settle_ms: 1_000 }, name),
        };
  });
  for (const { source } of work) await writeFile(join(data, source), '');
  let ended = 0;
  const results = Promise.all(work.map(async ({ run }) => await run().finally(() => ended++)));
  const left = killInTurn(() => work.length - ended);
  expect(await results).toEqual(work.map(({ expected }) => expected));
  expect(await left).toBeGreaterThan(0);
  for (const { made } of work) expect((await readdir(join(data, made))).length).toBe(PARTS);
  expect(seen.errors).toBeGreaterThan(0);
  // No call started a second workflow, however often it was sent.
  await expect
    .poll(
      async () =>
        (await temporal.workflow.count(`WorkflowType IN ('NightlyLoad', 'Backfill') AND StartTime >= '${since}'`))
          .count,
      { timeout: 30_000 },
    )
    .toBe(work.length);
}, 600_000);

/**
 * Kills each replica and each worker in turn, and restarts it after the others have carried on without it.
 * @returns how many tasks were still running at the end
 */
async function killInTurn(running: () => number): Promise<number> {
  for (const index of [0, 1, 2]) {
    const { process: server, url } = servers[index] as McpServer;
    await server.kill();
    await othersGoOn(running);
    servers[index] = await serve(Number(url.port));
    const { process: worker, language } = workers[index] as (typeof workers)[number];
    await worker.kill();
    await othersGoOn(running);
    workers[index] = { language, process: await startWorker(language, data) };
  }
  return running();
}

async function othersGoOn(running: () => number): Promise<void> {
  const enough = seen.answers + 50;
  while (running() > 0 && seen.answers < enough) await delay(50);
}
