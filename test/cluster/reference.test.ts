/** The MCP server and the worker as docker-compose.yml starts them: each a process, with the reference tools. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from '../auth/authorization-server.js';
import { ERAS, taskClient } from './setup/eras.js';
import { startMcpServer, startReferenceWorker, type McpServer } from './setup/nodes.js';
import { stopAll, type Process } from './setup/processes.js';

const resource = 'https://mcp.example.com/mcp';
let data: string;
let issuer: AuthorizationServer;
let server: McpServer;
let worker: Process;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  issuer = await startAuthorizationServer();
  server = await startMcpServer({ issuer: issuer.issuer, resource, key: randomBytes(32).toString('hex'), tools: 'reference' });
  worker = startReferenceWorker(data);
});
afterAll(async () => {
  await stopAll();
  await issuer.close();
  await rm(data, { recursive: true, force: true });
});

it.each(ERAS)('convert a file (%s)', async (era) => {
  const client = taskClient(era, server.url, await issuer.signIn('ann', { resource }));
  await writeFile(join(data, 'sales.csv'), 'day,amount\n2026-01-01,3\n2026-01-02,4\n');
  const target = join(data, `sales-${era}.json`);
  const result = await client.result(await client.start('convert_file', { source: join(data, 'sales.csv'), target }));
  expect(result.isError, JSON.stringify(result)).toBeUndefined();
  expect(await readFile(target, 'utf8')).toContain('"amount":4');
});

it('and stop in good order', async () => {
  expect(await server.process.stop()).toBe(0);
  expect(await worker.stop()).toBe(0);
});
