/** The HTTP endpoint of `start` and `serve`. */
import { connect } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serveHttp, type HttpServer } from '../../src/cli/http-server.js';

let server: HttpServer;
beforeEach(async () => {
  server = await serveHttp(
    createMcpHandler(() => new McpServer({ name: 't', version: '1' })),
    0,
  );
});
afterEach(async () => await server.close());

/** Sends a raw request, because `fetch` would refuse some of these. @returns the status line of the answer */
async function raw({ url }: HttpServer, target: string, ...headers: string[]): Promise<string> {
  const { port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.end(`GET ${target} HTTP/1.1\r\n${['Connection: close', ...headers].join('\r\n')}\r\n\r\n`),
    );
    let answer = '';
    socket
      .on('data', (data) => (answer += data.toString()))
      .on('end', () => resolve(answer.split('\r\n')[0] ?? ''))
      .on('error', reject);
  });
}

it.each([
  ['//', 'Host: localhost', '404'],
  ['/', 'Host: 127.0.0.1', '404'],
  ['/mcp?x=1', 'Host: 127.0.0.1', '405'],
  ['http://[', 'Host: localhost', '404'],
  ['/mcp', 'Host: evil.example', '403'],
])('GET %s with %s is answered with %s', async (target, host, status) => {
  expect(await raw(server, target, host)).toContain(` ${status} `);
  expect(await raw(server, '/mcp', 'Host: localhost')).toContain(' 405 ');
});

it('refuses what a foreign web page sends', async () => {
  expect(await raw(server, '/mcp', 'Host: localhost', 'Origin: https://evil.example')).toContain(' 403 ');
});

it('says when its port is taken', async () => {
  const { port } = new URL(server.url);
  await expect(
    serveHttp(
      createMcpHandler(() => new McpServer({ name: 't', version: '1' })),
      Number(port),
    ),
  ).rejects.toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('PORT') });
});

it('serves other paths and names when told', async () => {
  const options = {
    path: '/tasks',
    morePaths: ['/more'],
    allowedHosts: ['mcp.example.com'],
    allowedOrigins: ['app.example.com'],
  };
  const other = await serveHttp(
    createMcpHandler(() => new McpServer({ name: 't', version: '1' })),
    0,
    options,
  );
  expect(other.url).toMatch(/\/tasks$/);
  expect(await raw(other, '/tasks', 'Host: mcp.example.com', 'Origin: https://app.example.com')).toContain(' 405 ');
  expect(await raw(other, '/more', 'Host: localhost')).toContain(' 405 ');
  expect(await raw(other, '/mcp', 'Host: localhost')).toContain(' 404 ');
  expect(await raw(other, '/tasks', 'Host: app.example.com')).toContain(' 403 ');
  expect(await raw(other, '/tasks', 'Host: mcp.example.com', 'Origin: https://evil.example')).toContain(' 403 ');
  await other.close();
});

it('says when its address is not this machine’s', async () => {
  await expect(
    serveHttp(
      createMcpHandler(() => new McpServer({ name: 't', version: '1' })),
      0,
      { host: '192.0.2.1' },
    ),
  ).rejects.toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('192.0.2.1') });
});

it('lets answers end when it closes, and takes no more requests', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const write = async (text: string): Promise<void> => await writer.write(new TextEncoder().encode(text));
  const other = await serveHttp(
    {
      ...createMcpHandler(() => new McpServer({ name: 't', version: '1' })),
      fetch: async () => new Response(readable),
    },
    0,
  );
  void write('half and ');
  const response = await fetch(other.url);
  const closing = other.close();
  await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  await write('half');
  await writer.close();
  expect(await response.text()).toBe('half and half');
  await closing;
});
