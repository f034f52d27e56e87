/** `mcp-tasks-temporal serve`, run as a separate process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { startAuthorizationServer } from '../helpers/authorization-server.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { key, startStack } from '../helpers/stack.js';
import { tools } from '../fixtures/tools.mjs';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const file = fileURLToPath(new URL('../fixtures/tools.mjs', import.meta.url));
let dir: string;
const processes = new Set<ChildProcess>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-serve-'));
});
afterEach(async () => {
  for (const child of processes) if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  processes.clear();
  await rm(dir, { recursive: true, force: true });
});

const environment = (): Record<string, string> => ({
  ...(process.env as Record<string, string>),
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  MCP_TASKS_KEY: key,
});

function run(
  args: string[],
  env: object = {},
): {
  child: ChildProcess;
  until(text: RegExp): Promise<string>;
  ended(): Promise<{ code: number | null; output: string }>;
} {
  const child = spawn(process.execPath, [main, 'serve', ...args], {
    cwd: dir,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.add(child);
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  return {
    child,
    async until(text) {
      await expect.poll(() => output, { timeout: 30_000 }).toMatch(text);
      return text.exec(output)?.[1] ?? '';
    },
    async ended() {
      await closed;
      return { code: child.exitCode, output };
    },
  };
}

async function connect(url: string, token?: string): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
  );
  await client.connect(
    new StreamableHTTPClientTransport(
      new URL(url),
      token === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${token}` } } },
    ),
  );
  return client;
}

it('serves the tools of a file, runs a worker for them with --worker, and shuts down cleanly', async () => {
  const { child, until, ended } = run([
    file,
    '--port',
    '0',
    '--path',
    '/tasks',
    '--task-queue',
    randomUUID(),
    '--worker',
  ]);
  const url = await until(/at (http:\/\/127\.0\.0\.1:\d+\/tasks)\n/);
  const client = await connect(url);
  await writeFile(join(dir, 'there'), '');
  const result = await callTool(client, { name: 'wait_for_file', arguments: { file: join(dir, 'there') } });
  expect(result.structuredContent).toEqual({ file: join(dir, 'there'), attempt: 1 });
  await client.close();
  const { tools: listed } = (await send2025(remote(url), 'tools/list', {})).result;
  expect(listed.map(({ name }: { name: string }) => name)).toContain('task_wait');
  let opened = (): void => {};
  const open = new Promise<void>((resolve) => (opened = resolve));
  const { taskId } = (
    await send2026(remote(url), 'tools/call', { name: 'wait_for_file', arguments: { file: join(dir, 'late') } })
  ).result;
  const stream = send2026(remote(url, opened), 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
  await open;
  child.kill('SIGTERM');
  expect((await stream).result).toMatchObject({ resultType: 'complete' });
  // The worker lets running activities finish.
  await writeFile(join(dir, 'late'), '');
  expect(await ended()).toMatchObject({ code: 0 });
});

/** Wraps a remote server as a handler, to send it raw protocol requests. */
function remote(url: string, answered = (): void => {}): McpHttpHandler {
  return {
    fetch: async (request: Request) =>
      await fetch(url, { method: request.method, headers: request.headers, body: await request.text() }).finally(
        answered,
      ),
  } as McpHttpHandler;
}

it.each([
  [
    'a module',
    'tools.mjs',
    `export { tools as default } from '${new URL('../fixtures/tools.mjs', import.meta.url).href}';
export const limits = { startsPerMinute: { perProcess: 1 } };`,
    { file: 'any' },
  ],
  [
    'a gateway file',
    'mcp-tasks.yaml',
    `limits: { startsPerMinute: { perProcess: 1 } }
taskQueue: ${randomUUID()}
tools:
  - { name: wait_for_file, workflow: Waiting }`,
    {},
  ],
])('enforces the limits of %s', async (_, name, text, args) => {
  await writeFile(join(dir, name), text);
  const { until } = run([
    join(dir, name),
    '--port',
    '0',
    ...(name === 'tools.mjs' ? ['--task-queue', randomUUID()] : []),
  ]);
  const url = await until(/at (http:\S+)\n/);
  const start = async () => await send2026(remote(url), 'tools/call', { name: 'wait_for_file', arguments: args });
  expect(await start()).toMatchObject({ status: 200, result: { resultType: 'task' } });
  expect(await start()).toMatchObject({
    status: 429,
    error: { code: -32010, data: { limit: 'startsPerMinute', allowed: 1 } },
  });
});

it('requires tokens with --auth', async () => {
  const server = await startAuthorizationServer();
  const resource = 'https://mcp.example.com/mcp';
  const taskQueue = randomUUID();
  const stack = await startStack(tools, { taskQueue });
  await stack.startWorker();
  const { child, until, ended } = run([
    file,
    '--port',
    '0',
    '--task-queue',
    taskQueue,
    '--auth',
    server.issuer,
    '--resource',
    resource,
    '--scope',
    'tasks:run',
  ]);
  const url = await until(/at (http:\S+)\n/);
  const refused = await fetch(url, { method: 'POST' });
  expect(refused.status).toBe(401);
  const [, metadata = ''] = /resource_metadata="([^"]*)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
  const { pathname } = new URL(metadata);
  expect(await (await fetch(new URL(pathname, url))).json()).toMatchObject({
    resource,
    authorization_servers: [server.issuer],
  });
  await writeFile(join(dir, 'there'), '');
  const client = await connect(url, await server.signIn('alice', { resource }));
  expect(
    (await callTool(client, { name: 'wait_for_file', arguments: { file: join(dir, 'there') } })).structuredContent,
  ).toMatchObject({ attempt: 1 });
  await client.close();
  child.kill('SIGINT');
  expect(await ended()).toMatchObject({ code: 0 });
  await stack.close();
  await server.close();
});

it('serves over stdio, and exits when its client does', async () => {
  const taskQueue = randomUUID();
  const stack = await startStack(tools, { taskQueue });
  await stack.startWorker();
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'serve', file, '--transport', 'stdio', '--task-queue', taskQueue],
    cwd: dir,
    stderr: 'ignore',
    env: environment(),
  });
  await client.connect(transport);
  const { pid } = transport;
  await writeFile(join(dir, 'there'), '');
  expect(
    (await callTool(client, { name: 'wait_for_file', arguments: { file: join(dir, 'there') } })).structuredContent,
  ).toMatchObject({ attempt: 1 });
  await client.close();
  await expect.poll(() => alive(pid as number), { timeout: 10_000 }).toBe(false);
  await stack.close();
});

it.each<[string, string[], Record<string, string>, string]>([
  ['an address open to everybody, unless --no-auth says so', ['--host', '0.0.0.0'], {}, '--no-auth'],
  [
    'an issuer that cannot be reached',
    ['--port', '0', '--auth', 'http://127.0.0.1:9', '--resource', 'https://mcp.example.com'],
    {},
    'http://127.0.0.1:9',
  ],
  ['tokens over stdio', ['--transport', 'stdio', '--auth', 'https://auth.example.com'], {}, '--auth is for HTTP'],
  ['a cluster without a key for its tasks', ['--port', '0'], { MCP_TASKS_KEY: '' }, 'MCP_TASKS_KEY'],
  ['a key that is too short', ['--port', '0'], { MCP_TASKS_KEY: 'short' }, 'MCP_TASKS_KEY: the key has 5 characters'],
  ['--worker but no file, for the reference tools', ['--worker'], {}, 'mcp-tasks-temporal worker'],
  ['an allowed host that is a URL', ['--allow-host', 'https://mcp.example.com'], {}, 'without scheme'],
])('does not start with %s', async (_, args, env, message) => {
  const { code, output } = await run(args, env).ended();
  expect(code).toBe(1);
  expect(output).toContain(message);
  expect(output).not.toContain('    at ');
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
