// Measures what one MCP server can handle: `npm run bench:replica`. Uses the test cluster (test/cluster), whose
// PostgreSQL, Temporal and worker share the machine with the server and the clients. The figures are from one run on
// one machine. Compare them with each other, not with another machine's.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../test/helpers/authorization-server.js';
import { taskClient, type TaskClient } from '../test/cluster/setup/eras.js';
import { startMcpServer, startWorker, type McpServer } from '../test/cluster/setup/nodes.js';
import { stopAll } from '../test/cluster/setup/processes.js';

/** Concurrent requests. */
const AT_ONCE = 20;
/** Number of tasks that wait for a timer and do nothing else. */
const IDLE = 1_000;
/** Number of tasks with an activity that heartbeats all the time. */
const MOVING = 50;
const READS = 3_000;
/** How long to measure the server while it watches tasks, in milliseconds. */
const LOOK = 30_000;

const resource = 'https://mcp.example.com/mcp';
const rows: object[] = [];
let data: string;
let issuer: AuthorizationServer;
let server: McpServer;
let here: TaskClient;
let elsewhere: TaskClient;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  const options = { issuer: issuer.issuer, resource, key: randomBytes(32).toString('hex') };
  server = await startMcpServer(options);
  const other = await startMcpServer(options);
  await startWorker('go', data);
  const token = await issuer.forge({ sub: 'ann', aud: resource, exp: Math.floor(Date.now() / 1000) + 3_600 });
  here = taskClient('2025-11-25', server.url, token);
  elsewhere = taskClient('2025-11-25', other.url, token);
  for (const table of ['idle', 'moving']) await writeFile(join(data, `${table}.csv`), '');
});
afterAll(async () => {
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

// eslint-disable-next-line vitest/expect-expect -- it measures
it('one replica', async () => {
  await here.get(await here.start('nightly_load', { table: 'idle', parts: 1 }));
  const idle = await memory();

  const ids: string[] = [];
  await measure(
    `start, ${AT_ONCE} concurrent`,
    IDLE,
    async () => void ids.push(await here.start('nightly_load', { table: 'idle', parts: 1, settleMs: 3_600_000 })),
  );
  // Wait until the last tasks have reached their timers.
  while (
    (await Promise.all(ids.slice(-AT_ONCE).map(async (id) => await here.get(id)))).some(
      ({ statusMessage }) => statusMessage !== undefined,
    )
  )
    await delay(500);
  await measure(
    `get, ${IDLE} waiting tasks, ${AT_ONCE} concurrent`,
    READS,
    async (number) => void (await here.get(ids[number % IDLE] as string)),
  );
  await measure(
    `get, ${IDLE} waiting tasks, one at a time`,
    READS / 10,
    async (number) => void (await here.get(ids[number % IDLE] as string)),
    1,
  );
  const moving = await Promise.all(
    Array.from({ length: MOVING }, async () => await here.start('nightly_load', { table: 'moving', parts: 1_000_000 })),
  );
  while ((await here.get(moving.at(-1) as string)).statusMessage?.startsWith('LoadParts: ') !== true) await delay(500);
  await measure(
    `get, ${MOVING} heartbeating tasks, ${AT_ONCE} concurrent`,
    READS / 3,
    async (number) => void (await here.get(moving[number % MOVING] as string)),
  );
  for (const id of moving) await here.cancel(id);
  const worked = await memory();

  const ends = new Map<string, number>();
  const results = Promise.all(
    ids.map(
      async (id) =>
        await here
          .result(id)
          .catch(() => undefined)
          .finally(() => ends.set(id, performance.now())),
    ),
  );
  await delay(5_000);
  const before = await processorTime();
  await delay(LOOK);
  const busy = (await processorTime()) - before;
  const watching = await memory();
  // Cancel tasks at another replica, one by one, and measure how long this replica's `tasks/result` takes to notice.
  const lags: number[] = [];
  for (const id of ids.filter((_, number) => number % 20 === 0)) {
    await elsewhere.cancel(id);
    const cancelled = performance.now();
    while (!ends.has(id)) await delay(5);
    lags.push(Math.max(0, (ends.get(id) as number) - cancelled));
  }
  rows.push({ what: `result, ${IDLE} pending: delay after an end`, ...spread(lags) });
  await server.process.stop();
  await results;

  process.stdout.write(
    `\nNode ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), all processes on one machine\n`,
  );
  // eslint-disable-next-line no-console -- what it is run for
  console.table(rows);
  process.stdout.write(
    `memory: ${idle} MB after the first task, ${worked} MB after the requests, ${watching} MB with ${IDLE} pending results, which use ${Math.round((100_000 * busy) / LOOK)} % of a core\n`,
  );
});

async function measure(
  what: string,
  times: number,
  run: (number: number) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const took: number[] = [];
  const begun = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) {
      const from = performance.now();
      await run(next++);
      took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  rows.push({ what, ...spread(took), 'per second': Math.round((1_000 * times) / (performance.now() - begun)) });
}

function spread(milliseconds: readonly number[]): object {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1));
  return { 'p50 (ms)': at(0.5), 'p95 (ms)': at(0.95) };
}

async function ps(field: string): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', `${field}=`, '-p', String(server.process.child.pid)]);
  return stdout.trim();
}

/** Returns the server's memory use, in megabytes. */
async function memory(): Promise<number> {
  return Math.round(Number(await ps('rss')) / 1024);
}

/** Returns the server's total CPU time, in seconds. */
async function processorTime(): Promise<number> {
  return (await ps('time')).split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
