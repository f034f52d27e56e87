/** Workers whose payloads are unreadable without their codec, given as a codec server or as a module. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { ensureNamespace } from '../../src/temporal/dev-server/namespace.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import dataConverter, { turned } from '../fixtures/data-converter.mjs';
import { Session } from '../helpers/session-client.js';
import { startGateway, startPlainWorker } from '../helpers/gateway.js';

const taskQueue = `plain-${randomUUID()}`;
const second = `codec-${randomUUID()}`;
/** The path, namespace and authorization of each request to the codec server. */
const seen = new Set<string>();
let codec: Server;
let dir: string;
const stops: (() => Promise<void>)[] = [];
const gateways: Gateway[] = [];

interface Encoded {
  readonly payloads: { readonly metadata: Record<string, string>; readonly data: string }[];
}
/** Answers of servers that cannot be used as codec servers, by the first segment of the path. */
const others: Readonly<Record<string, { readonly status?: number; readonly body?: string }>> = {
  unauthorized: { status: 401 },
  bad: { status: 400 },
  missing: { status: 404 },
  busy: { status: 429 },
  broken: { status: 502 },
  page: { body: '<html>' },
  fewer: { body: '{"payloads":[]}' },
};

/** The payloads that cannot be decoded if the path names a status, as if their key had been retired. */
const retired = /retired|^\{"attempt":1\}$/;

/** Answers like a codec server, with the module's codec. @returns the body, or just an HTTP status */
async function answer(url: string, { payloads }: Encoded): Promise<object | number> {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const text = (part: Uint8Array): string => Buffer.from(part).toString('base64');
  const given = payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, bytes(value)])),
    data: bytes(data),
  }));
  const done = await (url.endsWith('/encode') ? turned.encode(given) : turned.decode(given));
  const [, status] = /-(\d+)\/decode$/.exec(url) ?? [];
  if (status !== undefined && done.some(({ data }) => retired.test(Buffer.from(data ?? []).toString())))
    return Number(status);
  return {
    payloads: done.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)])),
      data: text(data ?? new Uint8Array()),
    })),
  };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-codec-'));
  codec = createServer((request, response) => {
    const other = others[request.url?.split('/')[1] ?? ''];
    if (other) return void response.writeHead(other.status ?? 200).end(other.body);
    seen.add([request.url?.split('/')[1], request.headers['x-namespace'], request.headers.authorization].join(' '));
    void (async () => {
      const answered = await answer(request.url ?? '', (await json(request)) as Encoded);
      if (typeof answered === 'number') response.writeHead(answered).end();
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answered));
    })();
  });
  await new Promise<void>((resolve) => codec.listen(0, '127.0.0.1', resolve));
  await ensureNamespace(inject('temporalAddress'), second);
  stops.push(
    await startPlainWorker(taskQueue, { dataConverter }),
    await startPlainWorker(taskQueue, { dataConverter, namespace: second }),
  );
});
beforeEach(() => seen.clear());
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  for (const stop of stops) await stop();
  for (const gateway of gateways) await gateway.close();
  await new Promise((resolve) => codec.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

const module = fileURLToPath(new URL('../fixtures/data-converter.mjs', import.meta.url));
async function profile(namespace: string): Promise<string> {
  const file = join(dir, 'temporal.toml');
  await writeFile(file, `[profile.default]\nnamespace = "${namespace}"\n`);
  return file;
}
const endpoint = (): string => `http://127.0.0.1:${(codec.address() as AddressInfo).port}/{namespace}`;

/** Starts a gateway. @param namespace the tools' namespace @param namespaces how to connect to each namespace */
async function open(
  connection: object,
  namespace?: string,
  namespaces: Record<string, object> = {},
  confirm = false,
): Promise<Gateway> {
  const tool = {
    workflow: 'NightlyLoad',
    input: { properties: { date: { type: 'string' } } },
    confirm,
    ...(namespace === undefined ? {} : { namespace }),
  };
  const failing = { name: 'failing', workflow: 'Failing', input: { properties: { kind: {} } }, args: ['kind'] };
  const tools = [{ name: 'load', ...tool }, { name: 'load-retired', ...tool }, failing];
  const gateway = await startGateway({
    temporal: { address: inject('temporalAddress'), ...connection },
    namespaces,
    taskQueue,
    tools,
  });
  gateways.push(gateway);
  return gateway;
}

async function call(...connection: Parameters<typeof open>) {
  const gateway = await open(...connection);
  return await send2026(
    gateway.handler(),
    'tools/call',
    { name: 'load', arguments: { date: 'd' } },
    { capabilities: {} },
  );
}

const at = (path: string) => ({
  codec: { endpoint: `http://127.0.0.1:${(codec.address() as AddressInfo).port}/${path}` },
});

it('a codec server decodes payloads', async () => {
  expect(
    (await call({ codec: { endpoint: endpoint(), auth: 'Bearer secret' } })).result.structuredContent,
  ).toMatchObject({ loaded: 'd' });
  expect([...seen]).toEqual(['default default Bearer secret']);
});

it('the codec server gets the namespace of the payloads', async () => {
  expect(
    (await call({ codec: { endpoint: endpoint(), auth: 'Bearer secret' } }, second)).result.structuredContent,
  ).toMatchObject({ loaded: 'd' });
  expect([...seen]).toEqual([`${second} ${second} Bearer secret`]);
});

it('the codec server gets the namespace from the environment or a profile', async () => {
  vi.stubEnv('TEMPORAL_NAMESPACE', second);
  expect((await call({ codec: { endpoint: endpoint() } })).result.structuredContent).toMatchObject({ loaded: 'd' });
  expect([...seen]).toEqual([`${second} ${second} `]);
  vi.unstubAllEnvs();
  seen.clear();
  expect(
    (await call({ configFile: await profile(second), codec: { endpoint: endpoint() } })).result.structuredContent,
  ).toMatchObject({ loaded: 'd' });
  expect([...seen]).toEqual([`${second} ${second} `]);
});

it('a namespace can have its own codec server or module', async () => {
  const away = { endpoint: 'http://127.0.0.1:1' };
  expect(
    (await call({ codec: away }, second, { [second]: { codec: { endpoint: endpoint(), auth: 'Bearer its-own' } } }))
      .result.structuredContent,
  ).toMatchObject({ loaded: 'd' });
  expect([...seen]).toEqual([`${second} ${second} Bearer its-own`]);
  expect((await call({}, second, { [second]: { dataConverter: module } })).result.structuredContent).toMatchObject({
    loaded: 'd',
  });
});

it('the gateway’s own worker, which asks first, sends the codec server the namespace', async () => {
  const server = (await open({ codec: { endpoint: endpoint() } }, second, {}, true)).handler();
  const session = await Session.begin(server);
  const { taskId } = (await session.request(server, 'tools/call', { name: 'load', arguments: { date: 'd' }, task: {} }))
    .result.task;
  const stream = await session.open(server, 'tasks/result', { taskId });
  const { id } = await stream.next(({ method }) => method === 'elicitation/create');
  await session.reply(server, id, { result: { action: 'accept', content: {} } });
  expect(await stream.next((message) => message.id === stream.requestId)).toMatchObject({
    result: { structuredContent: { loaded: 'd' } },
  });
  expect([...seen]).toEqual([`${second} ${second} `]);
});

it('the data converter of a module decodes payloads', async () => {
  expect((await call({ dataConverter: module })).result.structuredContent).toMatchObject({ loaded: 'd' });
});

it('a connection with a data converter of its own is not encrypted because of the environment', async () => {
  vi.stubEnv('MCP_TASKS_ENCRYPTION_KEYS', `a:${randomBytes(32).toString('base64')}`);
  expect((await call({ dataConverter: module })).result.structuredContent).toMatchObject({ loaded: 'd' });
});

it('encryption that the file demands needs keys', async () => {
  vi.stubEnv('MCP_TASKS_ENCRYPTION_KEYS', '');
  await expect(open({ encryption: true })).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('MCP_TASKS_ENCRYPTION_KEYS'),
  });
});

it('an unreachable codec server causes a retryable error', async () => {
  expect((await call({ codec: { endpoint: 'http://127.0.0.1:1' } })).error).toMatchObject({
    code: -32603,
    message: expect.stringContaining('codec server'),
    data: { retryable: true },
  });
});

it.each(['busy', 'broken'])('a codec server that is %s causes a retryable error', async (path) => {
  expect((await call(at(path))).error).toMatchObject({
    code: -32603,
    message: expect.stringMatching(/codec server.*try again\.$/),
    data: { retryable: true },
  });
});

it.each([
  ['unauthorized', 'HTTP 401'],
  ['bad', 'HTTP 400'],
  ['missing', 'HTTP 404'],
  ['page', 'its answer is not that of a codec server'],
  ['fewer', /it returned 0 payloads for \d/],
])('a misconfigured codec server (%s) causes an error for the operator', async (path, why) => {
  const { error } = await call(at(path));
  expect(error).toMatchObject({ code: -32603, message: expect.stringMatching(why) });
  expect(error?.message).toContain('operator');
  expect(error).not.toHaveProperty('data');
});

it.each([400, 422])(
  'a payload that the codec server cannot decode (HTTP %i) costs only its own content',
  async (status) => {
    const server = (await open(at(`picky-${status}`))).handler();
    const ask = async (name: string, args: object) =>
      (await send2026(server, 'tools/call', { name, arguments: args }, { capabilities: {} })).result;
    expect(await ask('load', { date: 'retired' })).toMatchObject({
      isError: true,
      content: [
        {
          text: expect.stringMatching(
            new RegExp(`result cannot be read\\. The codec server cannot decode.*HTTP ${status}.*operator.*key`),
          ),
        },
      ],
    });
    expect(await ask('failing', { kind: 'activity' })).toMatchObject({
      isError: true,
      content: [{ text: 'activity broken failed on attempt 3: ConnectionError: connection refused' }],
    });
  },
);

it.each([
  [400, /cannot decode a payload.*operator/, undefined],
  [500, /codec server failed.*try again\.$/, { retryable: true }],
])(
  'a task that the codec server cannot decode at all (HTTP %i) does not keep others from being listed',
  async (status, message, data) => {
    const server = (await open(at(`picky-${status}`))).handler();
    const authInfo = {
      token: 't',
      clientId: 'c',
      scopes: [],
      extra: { iss: 'https://issuer.example', sub: randomUUID() },
    };
    const begin = async (name: string): Promise<string> =>
      (await send2026(server, 'tools/call', { name, arguments: { date: 'd' } }, { authInfo })).result.taskId;
    const [undecodable, other] = [await begin('load-retired'), await begin('load')];
    const { error } = await send2026(server, 'tasks/get', { taskId: undecodable }, { authInfo });
    expect(error).toMatchObject({ code: -32603, message: expect.stringMatching(message) });
    expect(error?.data).toEqual(data);
    expect((await send2025(server, 'tasks/list', {}, { authInfo })).result?.tasks).toMatchObject([{ taskId: other }]);
  },
);

it.each([
  ['https://user:secret@codec.example', undefined],
  ['https://codec.example', 'Bearer secret\u2028key'],
])('the error about %s does not contain its secret', async (url, auth) => {
  const error = await call({ codec: { endpoint: url, ...(auth === undefined ? {} : { auth }) } }).catch(
    (reason: Error) => reason,
  );
  expect(error).toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('auth') });
  expect(inspect(error)).not.toContain('secret');
});
