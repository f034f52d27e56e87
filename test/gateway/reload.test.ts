/** Exchanging the tools while the gateway serves. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { serveGateway, type Gateway } from '../../src/gateway/index.js';
import type { Logger } from '../../src/index.js';
import { send2025, send2026 } from '../server/protocol.js';
import { key } from '../setup/stack.js';
import { startPlainWorker } from './setup.js';

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
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-reload-'));
  file = join(dir, 'mcp-tasks.yaml');
  await writeFile(file, head() + tool('one') + tool('payment', 'Payment'));
  gateway = await serveGateway(file, { key, logger });
});
afterEach(async () => {
  await gateway.close();
  await rm(dir, { recursive: true, force: true });
});

const names = async (): Promise<string[]> => (await send2025(gateway.handler(), 'tools/list', {})).result.tools.map(({ name }: { name: string }) => name);

it('follows the file, as editors write it; a wrong one changes nothing', async () => {
  await writeFile(join(dir, 'new'), head() + tool('two'));
  await rename(join(dir, 'new'), file);
  await expect.poll(names).toEqual(['two']);
  await writeFile(file, `${head()}- { name: three }\n`);
  await expect.poll(() => logged.join('\n')).toMatch(/stay as they were: .*4:3: "workflow" is missing/);
  expect(await names()).toEqual(['two']);
  await writeFile(file, head() + tool('three'));
  await expect.poll(names).toEqual(['three']);
});

it('follows SIGHUP', async () => {
  await gateway.close();
  gateway = await serveGateway(file, { key, logger, watch: false });
  await writeFile(file, head() + tool('two'));
  gateway.watch();
  process.kill(process.pid, 'SIGHUP');
  await expect.poll(names).toEqual(['two']);
});

it('leaves tasks alone whose tool is gone', async () => {
  const stop = await startPlainWorker(taskQueue);
  const handler = gateway.handler();
  const { taskId } = (await send2026(handler, 'tools/call', { name: 'one', arguments: {} })).result;
  await gateway.tasks.useTools([]);
  await gateway.tasks.engine.result('anonymous', taskId);
  expect((await send2026(handler, 'tasks/get', { taskId })).result).toMatchObject({ status: 'completed', result: { content: [{ text: 'done' }] } });
  expect((await send2026(handler, 'tools/call', { name: 'one', arguments: {} })).error).toBeDefined();
  await stop();
});

it('tells clients: over stdio, and those that listen over HTTP', async () => {
  const handler = gateway.handler();
  const listening = await handler.fetch(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '0' }, 'io.modelcontextprotocol/clientCapabilities': {} } } }),
    }),
  );
  const reader = (listening.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  const input = new PassThrough();
  const output = new PassThrough();
  let sent = '';
  output.on('data', (data: Buffer) => (sent += data.toString()));
  gateway.tasks.stdio(() => new McpServer({ name: 'test', version: '1.0.0' }), { transport: new StdioServerTransport(input, output) });
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } } })}\n`);
  await expect.poll(() => sent).toContain('"serverInfo"');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  await writeFile(file, head() + tool('two'));
  await gateway.reload();
  await expect.poll(() => sent).toContain('notifications/tools/list_changed');
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} })}\n`);
  await expect.poll(() => sent).toMatch(/"name":"two"/);
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('notifications/tools/list_changed');
  await reader.cancel();
  input.end();
});
