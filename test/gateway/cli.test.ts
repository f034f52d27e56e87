/** The gateway's commands, each run as a separate process. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Temporal, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { loadGateway } from '../../src/gateway/index.js';
import { ensureNamespace } from '../../src/temporal/dev-server/namespace.js';
import dataConverter from '../fixtures/data-converter.mjs';
import { Session, type Endpoint } from '../helpers/session-client.js';
import { key } from '../helpers/stack.js';
import { startPlainWorker } from '../helpers/gateway.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
let dir: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-gateway-cli-'));
});
afterEach(async () => {
  if (child?.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  child = undefined;
  await rm(dir, { recursive: true, force: true });
});

const environment = (more: object = {}): Record<string, string> => ({
  ...(process.env as Record<string, string>),
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  MCP_TASKS_KEY: key,
  ...more,
});
async function command(args: string[], env: object = {}): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const running = execFile(
      process.execPath,
      [main, ...args],
      { cwd: dir, env: environment(env), timeout: 20_000 },
      (_, stdout, stderr) => resolve({ code: running.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

/** Starts `serve`. @returns its URL, its eventual exit code, and the lines it has logged so far */
async function serve(
  args: string[],
  env: object = {},
): Promise<{ url: string; ended: Promise<number>; logged: () => string[] }> {
  const serving = spawn(process.execPath, [main, 'serve', ...args, '--port', '0'], {
    cwd: dir,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = serving;
  let output = '';
  serving.stdout.on('data', (data: Buffer) => (output += data.toString()));
  let log = '';
  serving.stderr.on('data', (data: Buffer) => (log += data.toString()));
  const ended = once(serving, 'exit').then(([code]) => code as number);
  await expect.poll(() => output, { timeout: 30_000 }).toMatch(/at http/);
  return { url: /at (\S+)/.exec(output)?.[1] ?? '', ended, logged: () => log.split('\n').slice(0, -1) };
}

describe('check', () => {
  it('summarizes a valid file', async () => {
    await writeFile(
      join(dir, 'mcp-tasks.yaml'),
      'taskQueue: etl\ntools:\n- { name: load, workflow: NightlyLoad }\n- { name: drop, workflow: Drop, namespace: other, confirm: true }\n',
    );
    expect(await command(['check'])).toEqual({
      code: 0,
      output: 'mcp-tasks.yaml: 2 tools\n  load: NightlyLoad on etl\n  drop: Drop on etl in other, asks first\n',
    });
  });

  it('needs no MCP SDK', async () => {
    await writeFile(join(dir, 'mcp-tasks.yaml'), 'taskQueue: etl\ntools:\n- { name: load, workflow: NightlyLoad }\n');
    const env = { NODE_OPTIONS: `--import ${new URL('../fixtures/no-mcp-sdk.mjs', import.meta.url).href}` };
    expect(await command(['check'], env)).toMatchObject({ code: 0 });
    expect(await command(['init', 'other.yaml'], env)).toMatchObject({ code: 0 });
    // It gets as far as examining the cluster.
    expect(await command(['doctor'], { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' })).toMatchObject({
      code: 2,
      output: expect.stringContaining('127.0.0.1:1'),
    });
    expect(await command(['serve', 'mcp-tasks.yaml'], env)).toMatchObject({
      code: 1,
      output: expect.stringContaining('@modelcontextprotocol/server is not installed'),
    });
  });

  it.each([
    ['valid', 'taskQueue: etl', 0, /1 tool$/m],
    ['invalid', '# no task queue', 1, /mcp-tasks\.yaml:4:3: tool "load" has no task queue/],
  ])('exits even if a data converter module keeps the process alive (%s file)', async (_, line, code, output) => {
    await writeFile(
      join(dir, 'converter.mjs'),
      'setInterval(() => {}, 1_000);\nexport default { payloadCodecs: [] };\n',
    );
    await writeFile(
      join(dir, 'mcp-tasks.yaml'),
      `temporal: { dataConverter: converter.mjs }\n${line}\ntools:\n- { name: load, workflow: NightlyLoad }\n`,
    );
    expect(await command(['check'])).toEqual({ code, output: expect.stringMatching(output) });
  });

  it('lists all problems and exits with 1', async () => {
    await writeFile(join(dir, 'a.yaml'), 'taskQueue: etl\ntools:\n- { name: load }\n- { workflow: Drop }\n');
    const { code, output } = await command(['check', 'a.yaml']);
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      expect.stringMatching(/^a.yaml:3:3: "workflow" is missing/),
      expect.stringMatching(/^a.yaml:4:3: "name" is missing/),
    ]);
  });
});

describe('init', () => {
  it('writes a valid file, and does not overwrite it', async () => {
    expect(await command(['init'])).toMatchObject({ code: 0, output: expect.stringContaining('Wrote mcp-tasks.yaml') });
    expect(await command(['check'])).toMatchObject({ code: 0 });
    const written = await readFile(join(dir, 'mcp-tasks.yaml'), 'utf8');
    expect(written).toMatch(/^# yaml-language-server: \$schema=https/);
    expect(await command(['init'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('never overwrites a file'),
    });
    expect(await readFile(join(dir, 'mcp-tasks.yaml'), 'utf8')).toBe(written);
  });

  it('proposes the workflows that ran recently, except children and our own', async () => {
    const namespace = `init-${randomUUID()}`;
    await ensureNamespace(inject('temporalAddress'), namespace);
    const stop = await startPlainWorker('etl', { namespace });
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const { workflow } = new Temporal({ connection, namespace });
    const start = async (type: string, args: unknown[], workflowId: string = randomUUID()) =>
      await workflow.start(type, { taskQueue: 'etl', workflowId, args });
    await start('NightlyLoad', [{ date: 'secret', full: true }]);
    await start('Backfill', ['orders', 3]);
    await start('Text', []);
    await start('Waiting', []);
    await start('Slow', [null]);
    await start('Failing', [0.5, [1], false]);
    await start('Bytes', ['a', new Uint8Array([1, 2])]);
    await new Temporal({ connection, namespace, dataConverter }).workflow.start('Nothing', {
      taskQueue: 'etl-${X}',
      workflowId: randomUUID(),
      args: [{ date: 'secret' }],
    });
    for (const type of ['mcpToolTask', 'mcpAskFirst', 'loadDataset'])
      await workflow.start(type, { taskQueue: 'ours', workflowId: randomUUID() });
    await expect.poll(async () => (await workflow.count()).count).toBe(12);
    const { output, code } = await command(['init', '--from-cluster'], { TEMPORAL_NAMESPACE: namespace });
    expect(output).toContain('8 tools');
    expect(code).toBe(0);
    const written = await readFile(join(dir, 'mcp-tasks.yaml'), 'utf8');
    expect(written).not.toContain('secret');
    expect(written).toMatch(/workflow: Bytes\n +taskQueue: etl\n +# One of its arguments is binary/);
    expect(written).toMatch(/workflow: Nothing\n.*\n +# Its arguments cannot be decoded without its data converter/);
    expect(await command(['check'])).toMatchObject({ code: 0 });
    const { tools } = (await loadGateway(join(dir, 'mcp-tasks.yaml'))).config;
    expect(tools).toHaveLength(8);
    expect(tools).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'nightly_load',
          workflow: 'NightlyLoad',
          taskQueue: 'etl',
          input: { properties: { date: { type: 'string' }, full: { type: 'boolean' } } },
        }),
        expect.objectContaining({
          name: 'backfill',
          args: ['argument1', 'argument2'],
          input: { properties: { argument1: { type: 'string' }, argument2: { type: 'integer' } } },
        }),
        expect.objectContaining({ name: 'text' }),
        expect.objectContaining({ name: 'waiting' }),
        expect.objectContaining({ name: 'slow', args: ['argument1'], input: { properties: { argument1: {} } } }),
        expect.objectContaining({
          name: 'failing',
          args: ['argument1', 'argument2', 'argument3'],
          input: {
            properties: { argument1: { type: 'number' }, argument2: { type: 'array' }, argument3: { type: 'boolean' } },
          },
        }),
        { name: 'bytes', workflow: 'Bytes', taskQueue: 'etl', description: expect.any(String) },
        { name: 'nothing', workflow: 'Nothing', taskQueue: 'etl-${X}', description: expect.any(String) },
      ]),
    );
    await stop();
    await connection.close();
  });
});

describe('serve', () => {
  it('serves a file over HTTP and reloads it when it changes', async () => {
    const taskQueue = randomUUID();
    const stop = await startPlainWorker(taskQueue);
    await writeFile(join(dir, 'mcp-tasks.yaml'), `taskQueue: \${QUEUE}\ntools:\n- { name: text, workflow: Text }\n`);
    const { url, ended } = await serve(['mcp-tasks.yaml'], { QUEUE: taskQueue });
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    expect((await callTool(client, { name: 'text' })).content).toEqual([{ type: 'text', text: 'done' }]);
    await writeFile(join(dir, 'mcp-tasks.yaml'), `taskQueue: \${QUEUE}\ntools:\n- { name: other, workflow: Text }\n`);
    await expect.poll(async () => (await client.listTools()).tools.map(({ name }) => name)).toEqual(['other']);
    await client.close();
    child?.kill('SIGTERM');
    expect(await ended).toBe(0);
    await stop();
  });

  it.each(['from the start', 'after a reload'])(
    'asks clients of 2025-11-25 first, with its own worker %s, and shuts down cleanly',
    async (when) => {
      const taskQueue = randomUUID();
      const stop = await startPlainWorker(taskQueue);
      const asking = `taskQueue: ${taskQueue}\ntools:\n- { name: text, workflow: Text, confirm: true }\n`;
      await writeFile(
        join(dir, 'mcp-tasks.yaml'),
        when === 'from the start' ? asking : `taskQueue: ${taskQueue}\ntools:\n- { name: text, workflow: Text }\n`,
      );
      const { url, ended, logged } = await serve(['mcp-tasks.yaml']);
      if (when === 'after a reload') {
        await writeFile(join(dir, 'mcp-tasks.yaml'), asking);
        await vi.waitUntil(() => logged().some((line) => line.includes('tools reloaded')), {
          timeout: 20_000,
        });
      }
      const server: Endpoint = { fetch: async (request) => await fetch(new Request(url, request)) };
      const session = await Session.begin(server);
      const { taskId } = (await session.request(server, 'tools/call', { name: 'text', arguments: {}, task: {} })).result
        .task;
      const stream = await session.open(server, 'tasks/result', { taskId });
      const { id } = await stream.next(({ method }) => method === 'elicitation/create');
      await session.reply(server, id, { result: { action: 'accept', content: {} } });
      expect(await stream.next((message) => message.id === stream.requestId)).toMatchObject({
        result: { content: [{ text: 'done' }] },
      });
      child?.kill('SIGTERM');
      expect(await ended).toBe(0);
      // The worker logs to the server's log, as JSON lines.
      for (const line of logged()) expect(JSON.parse(line)).toMatchObject({ name: 'mcp-tasks-temporal' });
      await stop();
    },
  );

  it('serves a file over stdio', async () => {
    const taskQueue = randomUUID();
    const stop = await startPlainWorker(taskQueue);
    await writeFile(join(dir, 'tools.yml'), `taskQueue: ${taskQueue}\ntools:\n- { name: text, workflow: Text }\n`);
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
    );
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [main, 'serve', join(dir, 'tools.yml'), '--transport', 'stdio'],
        cwd: dir,
        env: environment(),
        stderr: 'ignore',
      }),
    );
    expect((await callTool(client, { name: 'text' })).content).toEqual([{ type: 'text', text: 'done' }]);
    await client.close();
    await stop();
  });

  it('exits with the problems of an invalid file, and rejects --worker', async () => {
    await writeFile(join(dir, 'a.yaml'), 'tools: []\n');
    expect(await command(['serve', 'a.yaml'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('a.yaml:1:8: tools'),
    });
    await writeFile(join(dir, 'a.yaml'), 'taskQueue: q\ntools: [{ name: a, workflow: A }]\n');
    expect(await command(['serve', 'a.yaml', '--worker'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('--worker'),
    });
  });
});
