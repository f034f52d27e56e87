/** The endpoint of `start`, for this machine only. */
import { connect } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serveHttp, type HttpServer } from '../../src/cli/http-server.js';

let server: HttpServer;
beforeEach(async () => {
  server = await serveHttp(createMcpHandler(() => new McpServer({ name: 't', version: '1' })), 0);
});
afterEach(async () => await server.close());

/** The status line that a request of these raw lines gets; `fetch` would not send some of them. */
async function raw(target: string, ...headers: string[]): Promise<string> {
  const { port } = new URL(server.url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.end(`GET ${target} HTTP/1.1\r\n${['Connection: close', ...headers].join('\r\n')}\r\n\r\n`));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString())).on('end', () => resolve(answer.split('\r\n')[0] ?? '')).on('error', reject);
  });
}

it.each([
  ['//', 'Host: localhost', '404'],
  ['/', 'Host: 127.0.0.1', '404'],
  ['/mcp?x=1', 'Host: 127.0.0.1', '405'],
  ['http://[', 'Host: localhost', '404'],
  ['/mcp', 'Host: evil.example', '403'],
])('GET %s with %s is answered with %s', async (target, host, status) => {
  expect(await raw(target, host)).toContain(` ${status} `);
  expect(await raw('/mcp', 'Host: localhost')).toContain(' 405 ');
});

it('refuses what a foreign web page sends', async () => {
  expect(await raw('/mcp', 'Host: localhost', 'Origin: https://evil.example')).toContain(' 403 ');
});

it('says when its port is taken', async () => {
  const { port } = new URL(server.url);
  await expect(serveHttp(createMcpHandler(() => new McpServer({ name: 't', version: '1' })), Number(port))).rejects.toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining('PORT') });
});
