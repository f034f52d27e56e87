/** Workers whose payloads nobody can read without their codec: a codec server, and a module. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2026 } from '../server/protocol.js';
import dataConverter, { turned } from '../fixtures/data-converter.mjs';
import { startGateway, startPlainWorker } from './setup.js';

const taskQueue = `plain-${randomUUID()}`;
const seen: unknown[] = [];
let codec: Server;
let stopWorker: () => Promise<void>;
const gateways: Gateway[] = [];

interface Encoded {
  readonly payloads: { readonly metadata: Record<string, string>; readonly data: string }[];
}
/** What a codec server does: the same as the module, over HTTP. */
async function answer(url: string, { payloads }: Encoded): Promise<object> {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const text = (part: Uint8Array): string => Buffer.from(part).toString('base64');
  const given = payloads.map(({ metadata, data }) => ({ metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, bytes(value)])), data: bytes(data) }));
  const done = await (url.endsWith('/encode') ? turned.encode(given) : turned.decode(given));
  return { payloads: done.map(({ metadata, data }) => ({ metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)])), data: text(data ?? new Uint8Array()) })) };
}

beforeAll(async () => {
  codec = createServer((request, response) => {
    seen.push([request.headers['x-namespace'], request.headers.authorization]);
    void (async () => response.setHeader('content-type', 'application/json').end(JSON.stringify(await answer(request.url ?? '', (await json(request)) as Encoded))))();
  });
  await new Promise<void>((resolve) => codec.listen(0, '127.0.0.1', resolve));
  stopWorker = await startPlainWorker(taskQueue, { dataConverter });
});
afterAll(async () => {
  await stopWorker();
  for (const gateway of gateways) await gateway.close();
  await new Promise((resolve) => codec.close(resolve));
});

async function call(connection: object) {
  const tools = [{ name: 'load', workflow: 'NightlyLoad', input: { properties: { date: { type: 'string' } } } }];
  const gateway = await startGateway({ temporal: { address: inject('temporalAddress'), ...connection }, taskQueue, tools });
  gateways.push(gateway);
  return await send2026(gateway.handler(), 'tools/call', { name: 'load', arguments: { date: 'd' } }, { capabilities: {} });
}

it('are read by a codec server', async () => {
  const endpoint = `http://127.0.0.1:${(codec.address() as AddressInfo).port}/{namespace}`;
  expect((await call({ codec: { endpoint, auth: 'Bearer secret' } })).result.structuredContent).toMatchObject({ loaded: 'd' });
  expect(new Set(seen.map((headers) => JSON.stringify(headers)))).toEqual(new Set(['["default","Bearer secret"]']));
});

it('are read by the data converter of a module', async () => {
  expect((await call({ dataConverter: fileURLToPath(new URL('../fixtures/data-converter.mjs', import.meta.url)) })).result.structuredContent).toMatchObject({ loaded: 'd' });
});

it('wait for a codec server that is away', async () => {
  expect((await call({ codec: { endpoint: 'http://127.0.0.1:1' } })).error).toMatchObject({ code: -32603, message: expect.stringContaining('codec server'), data: { retryable: true } });
});
