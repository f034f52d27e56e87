/** The command `codec-server`: what Temporal's own CLI shows with it, and whom it answers. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { encryption } from '../../src/encryption/index.js';
import { defineTool, ToolError } from '../../src/index.js';
import { writeRecord } from '../../src/local/record.js';
import { bodyWith, payloadsIn } from '../../src/temporal/connection/json-payloads.js';
import { remoteCodec } from '../../src/temporal/connection/remote-codec.js';
import { startStack, type Stack } from '../helpers/stack.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const run = promisify(execFile);
const UI = 'http://localhost:8233';
const keys = `cli:${randomBytes(32).toString('base64')}`;
const secret = `secret-${randomUUID()}`;

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
  readonly output: () => string;
}
const started: Running[] = [];
async function start(args: string[] = [], env: object = {}): Promise<Running> {
  const child = spawn(process.execPath, [main, 'codec-server', '--port', '0', ...args], {
    env: { ...process.env, MCP_TASKS_ENCRYPTION_KEYS: keys, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  await vi.waitFor(() => expect(output).toMatch(/is at http\S+/), { timeout: 30_000 });
  const running = { url: /is at (\S+)/.exec(output)?.[1] ?? '', child, output: () => output };
  started.push(running);
  return running;
}

let server: Running;
let stack: Stack;
beforeAll(async () => {
  const inputSchema = z.object({ text: z.string() });
  const tools = [
    defineTool({ name: 'echo', inputSchema, run: async (args) => await Promise.resolve({ echoed: args.text }) }),
    defineTool({ name: 'fail', inputSchema, run: async (args) => await Promise.reject(new ToolError(args.text)) }),
  ];
  [server, stack] = await Promise.all([start(), startStack(tools, { dataConverter: encryption({ keys }) })]);
  await stack.startWorker();
});
afterAll(async () => {
  await stack.close();
  for (const { child } of started) {
    if (child.exitCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
});

/** Runs a task to its end. @returns what Temporal's CLI shows of it */
async function shown(tool: number, more: string[]): Promise<string> {
  const { engine, tools } = stack.tasks;
  const { id } = await engine.start({ owner: 'ann', tool: tools[tool]!, args: { text: secret }, ttl: null });
  await engine.result('ann', id);
  const args = ['workflow', 'show', '--workflow-id', id, '--output', 'json', '--address', inject('temporalAddress')];
  const { stdout } = await run(inject('temporalCli'), [...args, ...more]);
  // A history in JSON has the data of payloads in base64.
  const data = [...stdout.matchAll(/"data": "([^"]*)"/g)].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64').toString(),
  );
  return [stdout, ...data].join('\n');
}

it.each([0, 1])('Temporal’s CLI shows what is encrypted, with --codec-endpoint (%i)', async (tool) => {
  expect(await shown(tool, [])).not.toContain(secret);
  expect(await shown(tool, ['--codec-endpoint', server.url])).toContain(secret);
  expect(await shown(tool, ['--codec-endpoint', `${server.url}/{namespace}`])).toContain(secret);
});

it('a gateway can use it as its codec server', async () => {
  const codec = remoteCodec({ endpoint: server.url, namespace: 'default' });
  const sent = await codec.encode([payload(secret)]);
  expect(valuesOf(await (encryption({ keys }).payloadCodecs ?? [])[0]!.decode(sent))).toEqual([secret]);
  expect(valuesOf(await codec.decode(sent))).toEqual([secret]);
});

describe('answers', () => {
  it('the UI’s pages, also after a preflight', async () => {
    const asked = await send('OPTIONS', '/decode', {
      origin: UI,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-namespace',
    });
    expect(asked).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': UI } });
    expect(asked.headers['access-control-allow-headers']).toMatch(/content-type.*x-namespace.*authorization/);
    const answered = await send('POST', '/decode', { origin: UI }, bodyWith(await encoded()));
    expect(answered).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': UI } });
    expect(valuesOf(payloadsIn(answered.body) ?? [])).toEqual([secret]);
  });

  it('the pages of another UI if told to', async () => {
    const other = await start(['--ui', 'https://ui.example/namespaces/default']);
    const body = bodyWith(await encoded());
    const ask = async (origin: string) => await send('POST', '/decode', { origin }, body, other.url);
    expect(await ask('https://ui.example')).toMatchObject({ status: 200 });
    expect(await ask(UI)).toMatchObject({ status: 403 });
  });

  it('the pages of a dev server in its folder, even if that starts later', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-codec-'));
    const other = await start(['--dir', dir]);
    const body = bodyWith(await encoded());
    const ask = async (origin: string) => (await send('POST', '/decode', { origin }, body, other.url)).status;
    expect(await ask('http://127.0.0.1:28613')).toBe(403);
    await mkdir(join(dir, 'temporal'));
    writeRecord(join(dir, 'temporal'), { ports: { grpc: 28612, ui: 28613, web: 28614 } });
    expect(await ask('http://127.0.0.1:28613')).toBe(200);
    expect(await ask('http://localhost:28613')).toBe(200);
    expect(await ask('http://127.0.0.1:28614')).toBe(403);
    expect(await ask(UI)).toBe(200);
    const again = await start(['--dir', dir]);
    expect(again.output()).toContain('http://127.0.0.1:28613');
    await rm(dir, { recursive: true });
  });

  it.each([
    ['a page of another origin', { origin: 'http://localhost:3000' }],
    ['a page in a sandbox', { origin: 'null' }],
    ['another host name (DNS rebinding)', { host: 'evil.example' }],
    ['a name that begins like its own', { host: 'localhost.evil.example:8081' }],
  ])('nothing to %s', async (_, headers) => {
    for (const method of ['POST', 'OPTIONS']) {
      const { status, headers: answered, body } = await send(method, '/decode', headers, bodyWith(await encoded()));
      expect(status).toBe(403);
      expect(answered).not.toHaveProperty('access-control-allow-origin');
      expect(body).not.toContain(secret);
    }
  });

  it.each([
    [404, 'POST', '/', {}],
    [404, 'POST', '/a/b/decode', {}],
    [405, 'GET', '/decode', {}],
    [415, 'POST', '/decode', { 'content-type': 'text/plain' }],
    [400, 'POST', '/decode', {}],
  ])('%i to %s %s', async (status, method, path, headers) => {
    expect(await send(method, path, headers, '{}')).toMatchObject({ status });
  });

  it('413 to more than it holds in memory', async () => {
    expect(await send('POST', '/decode', {}, 'x'.repeat(17 * 1024 * 1024))).toMatchObject({ status: 413 });
  });

  it('422 with the key’s ID to a payload with another key', async () => {
    const others = encryption({ keys: `other:${randomBytes(32).toString('base64')}` }).payloadCodecs ?? [];
    const given = await others[0]!.encode([payload(secret)]);
    const { status, body } = await send('POST', '/decode', {}, bodyWith(given));
    expect(status).toBe(422);
    expect(body).toContain('with key other');
    await vi.waitFor(
      () => expect(server.output()).toContain('codec request refused: A payload is encrypted with key other'),
      20_000,
    );
  });

  it('only to who has the token, if there is one', async () => {
    const token = randomBytes(32).toString('hex');
    const { url } = await start([], { MCP_TASKS_CODEC_TOKEN: token });
    const body = bodyWith(await encoded());
    const ask = async (headers: object) => (await send('POST', '/decode', headers, body, url)).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer other' })).toBe(401);
    expect(await ask({ authorization: `Bearer ${token}` })).toBe(200);
    const endpoint = ['--codec-endpoint', url];
    expect(await shown(0, [...endpoint, '--codec-auth', `Bearer ${token}`])).toContain(secret);
  });
});

it('its output has nothing of what it decodes', () => {
  expect(started).not.toHaveLength(0);
  for (const { output } of started) {
    expect(output()).not.toContain(secret);
    expect(output()).not.toContain(keys.slice(4));
  }
});

it.each([
  [{ MCP_TASKS_ENCRYPTION_KEYS: '' }, 'set MCP_TASKS_ENCRYPTION_KEYS'],
  [{ MCP_TASKS_ENCRYPTION_KEYS: `a:${Buffer.alloc(32).toString('base64')}` }, 'key a is weak'],
  [{ MCP_TASKS_CODEC_TOKEN: 'short' }, 'MCP_TASKS_CODEC_TOKEN: the token has 5 characters'],
  [{ MCP_TASKS_CODEC_TOKEN: 'a'.repeat(32) }, 'MCP_TASKS_CODEC_TOKEN: the token has only 1 different character.'],
])('refuses to start with %j', async (env, message) => {
  const failed = await run(process.execPath, [main, 'codec-server', '--port', '0'], {
    env: { ...process.env, MCP_TASKS_ENCRYPTION_KEYS: keys, ...env },
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});

function payload(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value);
}

function valuesOf(payloads: readonly Payload[]): unknown[] {
  return payloads.map((one) => defaultPayloadConverter.fromPayload(one));
}

async function encoded(): Promise<Payload[]> {
  return await (encryption({ keys }).payloadCodecs ?? [])[0]!.encode([payload(secret)]);
}

/** Sends a request with any headers: `fetch` would not send another host, or an origin. */
async function send(method: string, path: string, headers: object, body = '', url = server.url) {
  const sent = request(new URL(path, url), {
    method,
    headers: { 'content-type': 'application/json', ...headers },
  });
  // The server may answer and hang up before it has read a large body.
  sent.on('error', () => undefined);
  sent.end(method === 'POST' ? body : undefined);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}
