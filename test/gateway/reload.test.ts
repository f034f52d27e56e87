/** Replaces the tools while the gateway is serving. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PassThrough } from 'node:stream';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { serveGateway, type Gateway } from '../../src/gateway/index.js';
import type { Logger } from '../../src/index.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import { Session } from '../helpers/session-client.js';
import { key, workflowsPath } from '../helpers/stack.js';
import { workflowBundle } from '../helpers/workflow-bundle.js';
import { startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const head = (): string => `temporal: { address: "${inject('temporalAddress')}" }\ntaskQueue: ${taskQueue}\ntools:\n`;
const tool = (name: string, workflow = 'Text'): string => `- { name: ${name}, workflow: ${workflow} }\n`;
let dir: string;
let file: string;
let gateway: Gateway;
const logged: string[] = [];
const log = (_: object, message: string): void => void logged.push(message);
const logger: Logger = { debug: log, info: log, warn: log, error: log };

beforeEach(async () => {
  logged.length = 0;
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-reload-'));
  file = join(dir, 'mcp-tasks.yaml');
  await writeFile(file, head() + tool('one') + tool('payment', 'Payment'));
  gateway = await serveGateway(file, { key, logger });
});
afterEach(async () => {
  await gateway.close();
  await rm(dir, { recursive: true, force: true });
});

const names = async (): Promise<string[]> =>
  (await send2025(gateway.handler(), 'tools/list', {})).result.tools.map(({ name }: { name: string }) => name);

it('reloads the file however editors write it, and keeps the tools if it is invalid', async () => {
  await writeFile(join(dir, 'new'), head() + tool('two'));
  await rename(join(dir, 'new'), file);
  await expect.poll(names).toEqual(['two']);
  await writeFile(file, `${head()}- { name: three }\n`);
  await expect.poll(() => logged.join('\n')).toMatch(/reload failed, tools unchanged: .*4:3: "workflow" is missing/);
  expect(await names()).toEqual(['two']);
  await writeFile(file, head() + tool('three'));
  await expect.poll(names).toEqual(['three']);
});

it('logs a problem once, until it changes or is fixed', async () => {
  const problems = (): string[] => logged.filter((line) => line.startsWith('reload failed'));
  const reads = vi.spyOn(gateway, 'reload');
  /** Changes a file, and waits until that has caused a reload. */
  const change = async (path: string, content: string): Promise<void> => {
    const before = reads.mock.calls.length;
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
    await expect.poll(() => reads.mock.calls.length).toBeGreaterThan(before);
    await Promise.allSettled(reads.mock.results.map(async ({ value }) => await (value as Promise<void>)));
  };
  const right = head() + tool('one') + tool('payment', 'Payment');
  await change(file, `${head()}- { name: three }\n`);
  for (const line of ['a', 'b']) await change(join(dir, 'server.log'), line);
  await expect.poll(problems).toEqual([expect.stringContaining('"workflow" is missing')]);
  await change(file, `${head()}- { workflow: Text }\n`);
  await expect.poll(() => problems().slice(1)).toEqual([expect.stringContaining('"name" is missing')]);
  await change(file, right);
  await expect.poll(() => logged.at(-1)).toBe('reload succeeded, tools unchanged');
  await change(file, `${head()}- { workflow: Text }\n`);
  await expect.poll(problems).toHaveLength(3);
  process.kill(process.pid, 'SIGHUP');
  await expect.poll(problems).toHaveLength(4);
});

it('reloads on SIGHUP', async () => {
  await gateway.close();
  gateway = await serveGateway(file, { key, logger, watch: false });
  await writeFile(file, head() + tool('two'));
  gateway.watch();
  process.kill(process.pid, 'SIGHUP');
  await expect.poll(names).toEqual(['two']);
});

it('watches the schema files that a reload has added', async () => {
  await mkdir(join(dir, 'schemas'));
  const schema = async (field: string): Promise<void> =>
    await writeFile(join(dir, 'schemas', 'input.json'), JSON.stringify({ properties: { [field]: {} } }));
  await schema('before');
  await writeFile(file, `${head()}- { name: one, workflow: Text, input: schemas/input.json }\n`);
  const fields = async (): Promise<string[]> =>
    Object.keys((await send2025(gateway.handler(), 'tools/list', {})).result.tools[0].inputSchema.properties);
  await expect.poll(fields).toEqual(['before']);
  await schema('after');
  await expect.poll(fields).toEqual(['after']);
});

it.each([
  ['is invalid', '{"type":"string"}'],
  ['is missing', undefined],
])('watches a schema file in a new folder that %s', async (_, wrong) => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'mcp-tasks-schemas-'));
  onTestFinished(async () => await rm(elsewhere, { recursive: true }));
  const folder = join(elsewhere, 'schemas', 'inputs');
  if (wrong !== undefined) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.json'), wrong);
  }
  await writeFile(file, `${head()}- { name: two, workflow: Text, input: ${join(folder, 'a.json')} }\n`);
  await expect.poll(() => logged.join('\n')).toMatch(/reload failed, tools unchanged: .*4:/);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'a.json'), '{}');
  await expect.poll(names).toEqual(['two']);
  expect(logged.filter((line) => line.includes('stopped watching'))).toEqual([]);
});

describe('while a reload is in progress', () => {
  let readOn: () => Promise<void>;
  let slow: Promise<unknown>;
  /** Starts a reload that hangs until `readOn` writes the schema it is reading. */
  beforeEach(async () => {
    await gateway.close();
    gateway = await serveGateway(file, { key, logger, watch: false });
    const pipe = join(dir, 'slow.json');
    await promisify(execFile)('mkfifo', [pipe]);
    await writeFile(file, `${head()}- { name: old, workflow: Text, input: slow.json, confirm: true }\n`);
    slow = gateway.reload();
    // A pipe opens once both ends do, so by now the file has been read and its schema is being read.
    const writer = await open(pipe, 'w');
    readOn = async () => {
      await writer.writeFile('{}');
      await writer.close();
    };
  });

  it('the newest file wins, however many reloads are requested', async () => {
    await writeFile(file, head() + tool('new'));
    const asked = [gateway.reload(), gateway.reload()];
    await readOn();
    await Promise.all([slow, ...asked]);
    expect(await names()).toEqual(['new']);
    expect(logged.filter((line) => line === 'tools reloaded')).toHaveLength(2);
  });

  it('closing does not wait for the reload, which then changes nothing', async () => {
    await gateway.close();
    await slow;
    await readOn();
    await gateway.reload();
    expect(gateway.tasks.tools.map(({ name }) => name)).toEqual(['one', 'payment']);
  });
});

it('a tool whose worker cannot be loaded is not listed', async () => {
  vi.doMock('../../src/worker/index.js', () => {
    throw new Error('no native parts');
  });
  onTestFinished(() => vi.doUnmock('../../src/worker/index.js'));
  await writeFile(file, `${head()}- { name: sure, workflow: Text, confirm: true }\n`);
  await expect(gateway.reload()).rejects.toThrow('npm install @temporalio/worker');
  expect(await names()).toEqual(['one', 'payment']);
});

it('a failed beforeWorker runs again at the next reload', async () => {
  await gateway.close();
  const beforeWorker = vi.fn<() => void>().mockImplementationOnce(() => {
    throw new Error('not yet');
  });
  const worker = { workflowBundle: await workflowBundle(workflowsPath) };
  gateway = await serveGateway(file, { key, logger, watch: false, beforeWorker, worker });
  await writeFile(file, `${head()}- { name: sure, workflow: Text, confirm: true }\n`);
  await expect(gateway.reload()).rejects.toThrow('not yet');
  expect(await names()).toEqual(['one', 'payment']);
  await gateway.reload();
  expect(await names()).toEqual(['sure']);
  expect(beforeWorker).toHaveBeenCalledTimes(2);
});

it('a namespace with a new connection, and its tools, need a restart', async () => {
  await writeFile(
    file,
    `namespaces: { far: { address: "127.0.0.1:1" } }\n${head()}- { name: far, workflow: Text, namespace: far }\n`,
  );
  await expect(gateway.reload()).rejects.toThrow(
    'tool "far" uses namespace far, whose connection was added after the start: restart the gateway',
  );
  expect(await names()).toEqual(['one', 'payment']);
});

it('does not affect tasks whose tool was removed', async () => {
  const stop = await startPlainWorker(taskQueue);
  const handler = gateway.handler();
  const { taskId } = (await send2026(handler, 'tools/call', { name: 'one', arguments: {} })).result;
  await gateway.tasks.useTools([]);
  await gateway.tasks.engine.result('anonymous', taskId);
  expect((await send2026(handler, 'tasks/get', { taskId })).result).toMatchObject({
    status: 'completed',
    result: { content: [{ text: 'done' }] },
  });
  expect((await send2026(handler, 'tools/call', { name: 'one', arguments: {} })).error).toBeDefined();
  await stop();
});

it.each([
  [
    'changes',
    'output: { schema: { type: object, required: [rows] } }',
    'output: { schema: { type: string } }',
    { isError: true },
  ],
  ['is removed', 'output: { schema: { type: string } }', '', { structuredContent: { result: 'done' } }],
  ['is added', '', 'output: { schema: { type: object } }', { content: [{ type: 'text', text: 'done' }] }],
])('an ended task reads the same after the output of its tool %s', async (_, before, after, expected) => {
  const stop = await startPlainWorker(taskQueue);
  const use = async (output: string): Promise<void> => {
    await writeFile(
      file,
      `${head()}- { name: one, workflow: Text, taskSupport: optional${output && `, ${output}`} }\n`,
    );
    await gateway.reload();
  };
  await use(before);
  const { taskId } = (await send2025(gateway.handler(), 'tools/call', { name: 'one', arguments: {}, task: {} })).result
    .task;
  const read = async () => [
    (await send2025(gateway.handler(), 'tasks/result', { taskId })).result,
    (await send2025(gateway.handler(), 'tasks/get', { taskId })).result,
  ];
  const ended = await read();
  expect(ended[0]).toMatchObject(expected);
  await use(after);
  expect(await read()).toEqual(ended);
  await use(`${after ? `${after}, ` : ''}description: changed`);
  expect(await read()).toEqual(ended);
  await stop();
});

it('notifies clients: over stdio, and over HTTP by subscription or on the session’s stream', async () => {
  const handler = gateway.handler();
  const listening = await handler.fetch(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: {
          notifications: { toolsListChanged: true },
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientInfo': { name: 't', version: '0' },
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    }),
  );
  const reader = (listening.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  const { result } = await send2025(handler, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 't', version: '0' },
  });
  expect(result.capabilities.tools).toEqual({ listChanged: true });
  const session = await Session.begin(handler);
  const streams = [await session.listen(handler), await session.listen(handler)];
  const input = new PassThrough();
  const output = new PassThrough();
  let sent = '';
  output.on('data', (data: Buffer) => (sent += data.toString()));
  gateway.tasks.stdio(() => new McpServer({ name: 'test', version: '1.0.0' }), {
    transport: new StdioServerTransport(input, output),
  });
  input.write(
    `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } } })}\n`,
  );
  await expect.poll(() => sent).toContain('"serverInfo"');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  await writeFile(file, head() + tool('two'));
  await gateway.reload();
  await expect.poll(() => sent).toContain('notifications/tools/list_changed');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} })}\n`);
  await expect.poll(() => sent).toMatch(/"name":"two"/);
  await expect
    .poll(async () => new TextDecoder().decode((await reader.read()).value))
    .toContain('notifications/tools/list_changed');
  const isNews = ({ method }: { method?: string }): boolean => method === 'notifications/tools/list_changed';
  await Promise.race(streams.map(async (stream) => await stream.next(isNews)));
  // Each message is sent on only one of a session's streams.
  expect(streams.flatMap(({ messages }) => messages.filter(isNews))).toHaveLength(1);
  await Promise.all(streams.map(async (stream) => await stream.drop()));
  await reader.cancel();
  input.end();
});
