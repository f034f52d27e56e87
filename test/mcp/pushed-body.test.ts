/** Event streams that Node's server takes without web streams in between, and those that any other server reads. */
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import type { Logger } from '../../src/index.js';
import { nodeListener } from '../../src/mcp/http/node-listener.js';
import { PushedBody } from '../../src/mcp/request/pushed-body.js';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const HEADERS = { 'content-type': 'text/event-stream' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('a body ends when its client hangs up, even while it cannot take more', async () => {
  const gone = vi.fn<() => void>();
  const body = new PushedBody(gone);
  const listener = nodeListener({ fetch: async () => await Promise.resolve(body.respond(HEADERS)) }, silent);
  const over = vi.fn<() => void>();
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing).then(over));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  body.push(new Uint8Array(20_000_000));
  body.push(bytes('more'));
  await expect
    .poll(async () => await new Promise((resolve) => void server.getConnections((_, n) => resolve(n))))
    .toBe(1);
  await vi.waitFor(() => expect(client.bytesRead + client.bytesWritten).toBeGreaterThan(0));
  client.destroy();
  await vi.waitFor(() => expect([gone.mock.calls.length, over.mock.calls.length]).toEqual([1, 1]));
  await new Promise((resolve) => void server.close(resolve));
});

it('a web stream gives the parts that were pushed before and after it is read, and ends', async () => {
  const body = new PushedBody(() => undefined);
  const count = { put: () => false, give: vi.fn<(bytes: number) => void>(), over: vi.fn<() => void>() };
  body.push(bytes('one '));
  const response = body.respond(HEADERS);
  body.count(count);
  const text = response.text();
  body.push(bytes('two'));
  body.end();
  body.push(bytes(' three'));
  expect(await text).toBe('one two');
  expect(count.give.mock.calls.reduce((sum, [given]) => sum + given, 0)).toBe(7);
  expect(count.over).toHaveBeenCalledTimes(1);
});

it('a web stream fails if too much of it is unread, and its source learns that nobody reads it', async () => {
  const gone = vi.fn<() => void>();
  const body = new PushedBody(gone);
  const response = body.respond(HEADERS);
  body.count({ put: (_, unread) => unread > 0, give: () => undefined, over: () => undefined });
  body.push(bytes('one'));
  body.push(bytes('two'));
  await expect(response.text()).rejects.toThrow('did not read');
  expect(gone).toHaveBeenCalledTimes(1);
});
