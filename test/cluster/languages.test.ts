/** Go and Python workflows that know nothing about MCP, exposed as tools, in both protocol versions. */
import { randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../helpers/authorization-server.js';
import { ERAS, taskClient, type TaskClient } from './setup/eras.js';
import { startMcpServer, startWorker, type McpServer } from './setup/nodes.js';
import { stopAll } from './setup/processes.js';

const resource = 'https://mcp.example.com/mcp';
let data: string;
let issuer: AuthorizationServer;
let server: McpServer;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  [server] = await Promise.all([
    startMcpServer({ issuer: issuer.issuer, resource, key: randomBytes(32).toString('hex') }),
    startWorker('go', data),
    startWorker('python', data),
  ]);
});
afterAll(async () => {
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

/** The same behavior in both languages, each with its own names and messages. */
const LANGUAGES = {
  go: {
    tool: 'nightly_load',
    args: (table: string, parts: number, settleMs = 50) => ({ table, parts, settleMs }),
    source: '.csv',
    made: '.staging',
    done: (table: string, parts: number) => ({ table, parts, rows: parts * 1000 }),
    retrying: (table: string) =>
      new RegExp(
        `^OpenSource: attempt \\d+ of 100 failed \\(the source of ${table} has not arrived\\); attempt \\d+ at 20\\S+Z$`,
      ),
    child: 'RefreshStatistics: running',
    progress: /^LoadParts: [\d,]+ of 2,000 parts \(\d+%\)$/,
    forbidden: 'activity OpenSource failed on attempt 1: ForbiddenTable: the table secrets is not for loading',
  },
  python: {
    tool: 'backfill',
    args: (table: string, days: number, settle_ms = 50) => ({ table, days, settle_ms }),
    source: '.archive',
    made: '.days',
    done: (table: string, days: number) => ({ table, days }),
    retrying: (table: string) =>
      new RegExp(
        `^connect_archive: attempt \\d+ of 100 failed \\(.*the archive of ${table} is down\\); attempt \\d+ at 20\\S+Z$`,
      ),
    child: 'VerifyDays: running',
    progress: /^write_days: [\d,]+ of 2,000 days \(\d+%\)$/,
    forbidden: 'activity connect_archive failed on attempt 1: ForbiddenTable: the table secrets is not for backfills',
  },
} as const;

const cases = Object.keys(LANGUAGES).flatMap((language) =>
  ERAS.map((era) => [language as keyof typeof LANGUAGES, era] as const),
);

describe.each(cases)('%s, %s', (language, era) => {
  const { tool, args, source, made, done, retrying, child, progress, forbidden } = LANGUAGES[language];
  const table = (name: string): string => `${name}_${language}_${era.slice(0, 4)}`;
  const exists = async (file: string): Promise<boolean> =>
    await access(join(data, file)).then(
      () => true,
      () => false,
    );
  const until = async (client: TaskClient, taskId: string, message: RegExp | string): Promise<void> => {
    await expect
      .poll(async () => (await client.get(taskId)).statusMessage, { timeout: 30_000, interval: 100 })
      .toMatch(message);
  };
  let client: TaskClient;

  beforeAll(async () => {
    client = taskClient(era, server.url, await issuer.signIn('ann', { resource }));
  });

  it('reports a failing step until it succeeds, and returns the result after a timer and a child workflow', async () => {
    const orders = table('orders');
    const taskId = await client.start(tool, args(orders, 5));
    await until(client, taskId, retrying(orders));
    expect(await client.get(taskId)).toMatchObject({ status: 'working' });
    await writeFile(join(data, orders + source), '');
    const result = await client.result(taskId);
    expect(result).toMatchObject({ structuredContent: done(orders, 5) });
    expect(result.isError).toBeUndefined();
    expect(await client.get(taskId)).toMatchObject({ status: 'completed' });
  });

  it('shows progress from heartbeats, and cleans up when it is cancelled', async () => {
    const events = table('events');
    await writeFile(join(data, events + source), '');
    const taskId = await client.start(tool, args(events, 2000));
    await until(client, taskId, progress);
    expect(await readdir(join(data, events + made))).not.toEqual([]);
    await client.cancel(taskId);
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' });
    await expect.poll(async () => await exists(events + made), { timeout: 30_000 }).toBe(false);
  });

  it('names the child workflow that it is waiting for', async () => {
    const stock = table('stock');
    await writeFile(join(data, stock + source), '');
    await writeFile(join(data, `${stock}.lock`), '');
    const taskId = await client.start(tool, args(stock, 3));
    await expect
      .poll(async () => await client.get(taskId), { timeout: 30_000, interval: 100 })
      .toMatchObject({ status: 'working', statusMessage: child });
    await rm(join(data, `${stock}.lock`));
    expect(await client.result(taskId)).toMatchObject({ structuredContent: done(stock, 3) });
  });

  /** Starts a task and waits until its work is done and only a timer is running, so there is no status message. */
  async function inTimer(name: string, settle: number): Promise<string> {
    await writeFile(join(data, name + source), '');
    const taskId = await client.start(tool, args(name, 3, settle));
    await expect
      .poll(async () => (await exists(name + made)) && (await readdir(join(data, name + made))).length, {
        timeout: 30_000,
      })
      .toBe(3);
    const seen = async (): Promise<object> => {
      const { status, statusMessage } = await client.get(taskId);
      return { status, statusMessage };
    };
    // No activity is running any more, just the timer.
    await expect.poll(seen, { timeout: 30_000 }).toEqual({ status: 'working', statusMessage: undefined });
    return taskId;
  }

  it('reads as working while a timer runs, and continues after it', async () => {
    const visits = table('visits');
    const taskId = await inTimer(visits, 5_000);
    expect(await client.result(taskId)).toMatchObject({ structuredContent: done(visits, 3) });
  });

  it('cleans up when it is cancelled during a timer', async () => {
    const returns = table('returns');
    const taskId = await inTimer(returns, 3_600_000);
    await client.cancel(taskId);
    await expect.poll(async () => await exists(returns + made), { timeout: 30_000 }).toBe(false);
  });

  it('turns a failure into a tool error with the activity, the attempt, the type and the message', async () => {
    const taskId = await client.start(tool, args('secrets', 1));
    expect(await client.result(taskId)).toMatchObject({ isError: true, content: [{ type: 'text', text: forbidden }] });
  });

  it.runIf(era === '2025-11-25')('lists only the caller’s tasks', async () => {
    const taskId = await client.start(tool, args('secrets', 1));
    await expect.poll(async () => await client.list(), { timeout: 30_000 }).toContain(taskId);
    const other = taskClient(era, server.url, await issuer.signIn('bob', { resource }));
    expect(await other.list()).toEqual([]);
    await expect(other.get(taskId)).rejects.toThrow('Task not found');
  });
});
