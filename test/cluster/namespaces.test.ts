/** One gateway file for two namespaces of the cluster, each with its own worker, behind three MCP servers. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../helpers/authorization-server.js';
import { certificateOf, NAMESPACES, type Role } from './setup/certificates.js';
import { ERAS, taskClient, type Refused, type TaskClient } from './setup/eras.js';
import { startMcpServer, startWorker, type McpServer } from './setup/nodes.js';
import { stopAll } from './setup/processes.js';
import { startProxy, type Proxy } from './setup/proxy.js';
import { tlsOf } from './setup/temporal.js';

const resource = 'https://mcp.example.com/mcp';
const key = randomBytes(32).toString('hex');
const [warehouse, archive] = NAMESPACES;
let data: string;
let issuer: AuthorizationServer;
let proxy: Proxy;
/** Runs with a role that has no rights in the second namespace. */
let visitors: McpServer;
let admin: Connection;

const serve = async (role?: Role): Promise<McpServer> =>
  await startMcpServer({
    issuer: issuer.issuer,
    resource,
    key,
    file: 'two-namespaces.yaml',
    ...(role ? { role } : {}),
  });

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  const servers = await Promise.all([serve(), serve(), serve()]);
  visitors = await serve('tasksOfWarehouse');
  proxy = await startProxy(servers.map(({ url }) => url));
  await startWorker('go', data, { namespace: warehouse });
  await startWorker('python', data, { namespace: archive });
  const { address, certificates } = inject('cluster');
  admin = await Connection.connect({ address, tls: await tlsOf(certificateOf(certificates, 'admin')) });
});
afterAll(async () => {
  await proxy.close();
  await admin.close();
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

const TOOLS = {
  nightly_load: {
    namespace: warehouse,
    source: '.csv',
    args: (table: string, settleMs: number) => ({ table, parts: 3, settleMs }),
    done: { parts: 3 },
    left: '.staging',
  },
  backfill: {
    namespace: archive,
    source: '.archive',
    args: (table: string, settle_ms: number) => ({ table, days: 3, settle_ms }),
    done: { days: 3 },
    left: '.days',
  },
} as const;
type Tool = keyof typeof TOOLS;

/** Starts a task on a table whose source exists. */
async function start(client: TaskClient, tool: Tool, table: string, settle: number): Promise<string> {
  const { source, args } = TOOLS[tool];
  await writeFile(join(data, table + source), '');
  return await client.start(tool, args(table, settle));
}
const statusIn = async (namespace: string, taskId: string): Promise<string> =>
  await new Client({ connection: admin, namespace }).workflow
    .getHandle(taskId)
    .describe()
    .then(
      ({ status }) => status.name,
      (error: Error) => error.name,
    );

const cases = (Object.keys(TOOLS) as Tool[]).flatMap((tool) => ERAS.map((era) => [tool, era] as const));

describe.each(cases)('%s, %s', (tool, era) => {
  const { namespace, done, left } = TOOLS[tool];
  const elsewhere = namespace === warehouse ? archive : warehouse;
  const table = (name: string): string => `${name}_${tool}_${era.slice(0, 4)}`;
  let client: TaskClient;
  beforeAll(async () => {
    client = taskClient(era, proxy.url, await issuer.signIn('ann', { resource }));
  });

  it('runs in its own namespace, and any replica can read it', async () => {
    const taskId = await start(client, tool, table('orders'), 2_000);
    expect(await statusIn(namespace, taskId)).toBe('RUNNING');
    expect(await statusIn(elsewhere, taskId)).toBe('WorkflowNotFoundError');
    for (let replica = 0; replica < 3; replica++) expect(await client.get(taskId)).toMatchObject({ status: 'working' });
    expect(await client.result(taskId)).toMatchObject({ structuredContent: done });
    for (let replica = 0; replica < 3; replica++)
      expect(await client.get(taskId)).toMatchObject({ status: 'completed' });
  });

  it('is cancelled in its own namespace', async () => {
    const events = table('events');
    const taskId = await start(client, tool, events, 3_600_000);
    const made = async (): Promise<number> =>
      await readdir(join(data, events + left)).then(
        ({ length }) => length,
        () => 0,
      );
    // Cancel only during the timer: if a Python activity completes anyway, its workflow never notices the cancellation.
    await expect
      .poll(async () => [await made(), (await client.get(taskId)).statusMessage], { timeout: 30_000 })
      .toEqual([3, undefined]);
    await client.cancel(taskId);
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' });
    await expect.poll(made, { timeout: 30_000 }).toBe(0);
  });

  it('is invisible to other users', async () => {
    const taskId = await start(client, tool, table('returns'), 0);
    const other = taskClient(era, proxy.url, await issuer.signIn('bob', { resource }));
    await expect(other.get(taskId)).rejects.toThrow('Task not found');
    await expect(other.cancel(taskId)).rejects.toThrow('Task not found');
    expect(await client.result(taskId)).toMatchObject({ structuredContent: done });
  });
});

it('every replica lists the tasks of both namespaces', async () => {
  const client = taskClient('2025-11-25', proxy.url, await issuer.signIn('eve', { resource }));
  const ids = [
    await start(client, 'nightly_load', 'stock', 0),
    await start(client, 'backfill', 'stock', 0),
    await start(client, 'nightly_load', 'visits', 0),
  ];
  for (let replica = 0; replica < 3; replica++)
    await expect.poll(async () => (await client.list()).toSorted(), { timeout: 30_000 }).toEqual(ids.toSorted());
});

it.each(ERAS)('a role without rights in one namespace works in the other (%s)', async (era) => {
  const client = taskClient(era, visitors.url, await issuer.signIn('ann', { resource }));
  const taskId = await start(client, 'nightly_load', `prices_${era.slice(0, 4)}`, 0);
  expect(await client.result(taskId)).toMatchObject({ structuredContent: { parts: 3 } });
});

it.each(ERAS)(
  'a role without rights in a namespace gets an error that names them and is not retryable (%s)',
  async (era) => {
    const client = taskClient(era, visitors.url, await issuer.signIn('ann', { resource }));
    const refused = await client.start('backfill', TOOLS.backfill.args('prices', 0)).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { message, data: more } = (refused as Refused).reply.error ?? {};
    expect(message).toMatch(/permission|rights|may not/i);
    expect(more).not.toMatchObject({ retryable: true });
  },
);
