/** A host is killed while it awaits a task, and the next host resumes the task. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTool, fileTaskStore, resume, tasksCapability, type StoredTask } from '../../src/client/index.js';
import { tools } from '../fixtures/tools.mjs';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';

const host = fileURLToPath(new URL('../fixtures/host.mjs', import.meta.url));
let dir: string;
let stack: Stack;
let server: Listening;
const clients: Client[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-host-'));
  stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker();
  server = await listen(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
});
afterAll(async () => {
  await Promise.all(clients.map(async (client) => await client.close()));
  await server.close();
  await stack.close();
  await rm(dir, { recursive: true, force: true });
});

async function connect(mode: 'legacy' | 'auto'): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode }, capabilities: tasksCapability },
  );
  await client.connect(new StreamableHTTPClientTransport(server.url));
  clients.push(client);
  return client;
}
const run = (...args: string[]) =>
  spawn(process.execPath, [host, server.url.href, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

describe.each(['legacy', 'auto'] as const)('protocol negotiation %s', (mode) => {
  it('the next host resumes the task that a killed one was awaiting', async () => {
    const folder = join(dir, mode);
    const file = join(dir, `${mode}-there`);
    const store = fileTaskStore(folder);
    const killed = run(folder, mode, 'call', file);
    await expect.poll(async () => (await store.list()).length, { timeout: 30_000 }).toBe(1);
    const [stored] = (await store.list()) as [StoredTask];
    expect(stored).toEqual({
      taskId: expect.stringMatching(/^mcp-/),
      tool: 'wait_for_file',
      server: { name: 'test', version: '1.0.0' },
      createdAt: expect.any(String),
    });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const next = run(folder, mode, 'resume');
    await writeFile(file, '');
    expect(JSON.parse(await text(next.stdout))).toEqual({
      taskId: stored.taskId,
      structuredContent: { file, attempt: 1 },
    });
    expect(await store.list()).toEqual([]);
  });

  it('a task that no longer exists is reported and forgotten', async () => {
    const store = fileTaskStore(join(dir, `${mode}-gone`));
    await store.put({ taskId: 'mcp-gone', tool: 'x', createdAt: new Date().toISOString() });
    await expect(resume(await connect(mode), 'mcp-gone', { taskStore: store })).rejects.toMatchObject({
      name: 'JsonRpcError',
      code: -32602,
      message: expect.stringContaining('no longer has the task mcp-gone'),
    });
    expect(await store.list()).toEqual([]);
  });

  it('a cancelled call is forgotten, but not one whose server is unreachable', async () => {
    const store = fileTaskStore(join(dir, `${mode}-away`));
    const client = await connect(mode);
    const abort = new AbortController();
    const call = async (options: object) =>
      await callTool(
        client,
        { name: 'wait_for_file', arguments: { file: join(dir, 'never') } },
        { taskStore: store, ...options },
      );
    await expect(call({ signal: abort.signal, onStatus: () => abort.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    expect(await store.list()).toEqual([]);
    await expect(call({ patience: '1 ms', onStatus: () => void client.close() })).rejects.toThrow(/[Nn]ot connected/);
    const [{ taskId }] = (await store.list()) as [StoredTask];
    await stack.tasks.engine.cancel('anonymous', taskId);
    await expect(resume(await connect(mode), taskId, { taskStore: store })).rejects.toMatchObject({
      name: 'JsonRpcError',
    });
  });

  it('a task that the store fails to save is cancelled', async () => {
    let taskId = '';
    const store = {
      ...fileTaskStore(dir),
      put: async (task: StoredTask) => await Promise.reject(new Error(`no room for ${(taskId = task.taskId)}`)),
    };
    await expect(
      callTool(
        await connect(mode),
        { name: 'wait_for_file', arguments: { file: join(dir, 'never') } },
        { taskStore: store },
      ),
    ).rejects.toThrow('cancelled');
    expect((await stack.tasks.engine.get('anonymous', taskId)).outcome).toEqual({ kind: 'cancelled' });
  });
});

describe('fileTaskStore', () => {
  const task = (taskId: string, minute = 0): StoredTask => ({
    taskId,
    tool: 't',
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  });

  it('lists the oldest task first, is private to its user, and supports concurrent writers', async () => {
    const folder = join(dir, 'many');
    const stores = [fileTaskStore(folder), fileTaskStore(folder)];
    expect(await stores[0]?.list()).toEqual([]);
    await Promise.all(Array.from({ length: 40 }, async (_, i) => await stores[i % 2]?.put(task(`../${i}`, 59 - i))));
    await Promise.all(Array.from({ length: 30 }, async (_, i) => await stores[(i + 1) % 2]?.remove(`../${i}`)));
    await stores[0]?.remove('unknown');
    expect((await stores[1]?.list())?.map(({ taskId }) => taskId)).toEqual(
      Array.from({ length: 10 }, (_, i) => `../${39 - i}`),
    );
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('keeps no more tasks than its limit, and leaves other files alone', async () => {
    const folder = join(dir, 'full');
    await mkdir(folder);
    await writeFile(join(folder, 'task-notes.json'), 'mine');
    const store = fileTaskStore(folder, { limit: 2 });
    await store.put(task('a'));
    const [record] = (await readdir(folder)).filter((name) => name !== 'task-notes.json') as [string];
    await utimes(join(folder, record), 1, 1);
    await store.put(task('b', 1));
    await store.put(task('c', 2));
    expect((await store.list()).map(({ taskId }) => taskId)).toEqual(['b', 'c']);
    expect(await readFile(join(folder, 'task-notes.json'), 'utf8')).toBe('mine');
    expect(() => fileTaskStore(folder, { limit: 0 })).toThrow('limit must be');
  });

  it('says which file is not a valid record', async () => {
    const folder = join(dir, 'broken');
    const store = fileTaskStore(folder);
    await store.put(task('a'));
    const [record] = (await readdir(folder)) as [string];
    await writeFile(join(folder, record), '{');
    await expect(store.list()).rejects.toThrow(`${record} is not a valid task record. Delete it.`);
  });
});
