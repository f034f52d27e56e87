/** Tasks over stdio: a separate server process, with public clients. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { createWorker, type DurableWorker } from '../../src/worker/index.js';
import { workflowsPath } from '../helpers/stack.js';
import { workflowBundle } from '../helpers/workflow-bundle.js';
import { tools } from '../fixtures/tools.mjs';

const server = fileURLToPath(new URL('../fixtures/stdio-server.mjs', import.meta.url));
const v1Server = fileURLToPath(new URL('../fixtures/stdio-v1-server.mjs', import.meta.url));
const withWorker = fileURLToPath(new URL('../fixtures/stdio-with-worker.mjs', import.meta.url));
let dir: string;
let worker: DurableWorker;
let working: Promise<void>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-stdio-'));
  worker = await createWorker({
    tools,
    workflowBundle: await workflowBundle(workflowsPath),
    temporal: { address: inject('temporalAddress') },
  });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await rm(dir, { recursive: true, force: true });
});

async function connect(mode: 'legacy' | 'auto', path = server): Promise<{ client: Client; pid: number | null }> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode }, capabilities: tasksCapability },
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [path],
    cwd: dir,
    stderr: 'ignore',
    env: { ...(process.env as Record<string, string>), TEMPORAL_ADDRESS: inject('temporalAddress') },
  });
  await client.connect(transport);
  return { client, pid: transport.pid };
}

it.each([
  ['v2', server],
  ['v1', v1Server],
])('the local user can list tasks, %s SDK', async (sdk, path) => {
  const { client } = await connect('legacy', path);
  const file = join(dir, `listed-${sdk}`);
  await writeFile(file, '');
  let id: string | undefined;
  await callTool(client, { name: 'wait_for_file', arguments: { file } }, { onStatus: ({ taskId }) => (id = taskId) });
  const { tasks } = await client.request(
    { method: 'tasks/list', params: {} },
    z.looseObject({ tasks: z.array(z.looseObject({})) }),
  );
  expect(tasks).toContainEqual(expect.objectContaining({ taskId: id, status: 'completed' }));
  await client.close();
});

describe.each([
  ['legacy', 'v2', server],
  ['auto', 'v2', server],
  ['auto', 'v1', v1Server],
] as const)('protocol negotiation %s, %s SDK', (mode, sdk, path) => {
  it('a task runs, and the server exits when the client does', async () => {
    const { client, pid } = await connect(mode, path);
    const file = join(dir, `${mode}-${sdk}`);
    const result = await callTool(
      client,
      { name: 'wait_for_file', arguments: { file } },
      {
        onStatus({ statusMessage }) {
          if (statusMessage?.includes('looks')) void writeFile(file, '');
        },
      },
    );
    expect(result.structuredContent).toEqual({ file, attempt: 1 });
    await client.close();
    await expect.poll(() => alive(pid as number), { timeout: 10_000 }).toBe(false);
  });
});

it('a worker in the same process and their dev server stop when the client exits', async () => {
  const child = spawn(process.execPath, [withWorker], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TEMPORAL_CLI_PATH: inject('temporalCli') },
  });
  const ended = once(child, 'exit');
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
  );
  // The SDK's transport for clients kills the process four seconds after it has been closed. A busy machine may need
  // longer to stop a worker, and then nobody would stop the dev server.
  await client.connect(new StdioServerTransport(child.stdout, child.stdin));
  const file = join(dir, 'there');
  await writeFile(file, '');
  expect((await callTool(client, { name: 'wait_for_file', arguments: { file } })).structuredContent).toMatchObject({
    file,
  });
  const { server: devServer } = JSON.parse(
    await readFile(join(dir, '.mcp-tasks', 'temporal', 'server.json'), 'utf8'),
  ) as { server: { pid: number } };
  child.stdin.end();
  await ended;
  await expect.poll(() => alive(devServer.pid), { timeout: 15_000 }).toBe(false);
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('says why it ends when its client sends a message that is too long', async () => {
  const child = spawn(process.execPath, [server], {
    cwd: dir,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress') },
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write('x'.repeat(11 * 1024 * 1024));
  const log = await text(child.stderr);
  expect(log).toContain('the client sent a message that is too long; closing');
  expect(log).toContain('exceeded maximum size');
});
