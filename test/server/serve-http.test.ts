/** `serveHttp` of both adapters. */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serveHttp, type HttpServer, type Logger, type ServedHandler } from '../../src/index.js';
import { onlyAllowedNames } from '../../src/mcp/http/allowed-names.js';
import { serveHttp as serveV1Http } from '../../src/sdk/index.js';

/** Answers every request with 200, unless it is for other names than loopback ones: those of a handler by default. */
const handler: ServedHandler = onlyAllowedNames(
  { fetch: async (request) => Response.json({ url: request.url }), close: async () => {} },
  {},
);

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

describe.each([
  ['@modelcontextprotocol/server', serveHttp],
  ['@modelcontextprotocol/sdk', serveV1Http],
])('for handlers of %s', (_, serve) => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await serve(handler, { port: 0 });
  });
  afterEach(async () => await server.close());

  it('listens on loopback, at /mcp', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    expect(await (await fetch(server.url)).json()).toEqual({ url: server.url });
  });

  it.each([
    ['//', 'Host: localhost', '404'],
    ['/', 'Host: 127.0.0.1', '404'],
    ['/mcp?x=1', 'Host: 127.0.0.1', '200'],
    ['http://[', 'Host: localhost', '404'],
    ['/mcp', 'Host: evil.example', '403'],
  ])('GET %s with %s is answered with %s', async (target, host, status) => {
    expect(await raw(server, target, host)).toContain(` ${status} `);
    expect(await raw(server, '/mcp', 'Host: localhost')).toContain(' 200 ');
  });

  it('refuses what a foreign web page sends', async () => {
    expect(await raw(server, '/mcp', 'Host: localhost', 'Origin: https://evil.example')).toContain(' 403 ');
  });

  it('says that its port is in use', async () => {
    const port = Number(new URL(server.url).port);
    await expect(serve(handler, { port })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: `port ${port} is in use by another program: choose another one (on the command line, PORT or --port)`,
    });
  });

  it('says that its address does not belong to this machine', async () => {
    await expect(serve(handler, { port: 0, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: '192.0.2.1 is not an address of this machine',
    });
  });

  it('needs an allowed host name to listen on every address', async () => {
    await expect(serve(handler, { port: 0, host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining("allowedHosts: ['mcp.example.com']"),
    });
  });

  it('refuses one name in place of an array', async () => {
    const names: object = { allowedHosts: 'mcp.example.com' };
    await expect(serve(handler, { port: 0, ...names })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: 'allowedHosts: write an array of strings',
    });
  });

  it('answers the configured paths and names, and the handler’s metadata paths', async () => {
    const other = await serve(
      { ...handler, metadataPaths: ['/more'] },
      { port: 0, path: '/tasks', allowedHosts: ['mcp.example.com'], allowedOrigins: ['app.example.com'] },
    );
    expect(other.url).toMatch(/\/tasks$/);
    expect(await raw(other, '/tasks', 'Host: mcp.example.com', 'Origin: https://app.example.com')).toContain(' 200 ');
    expect(await raw(other, '/more', 'Host: localhost')).toContain(' 200 ');
    expect(await raw(other, '/mcp', 'Host: localhost')).toContain(' 404 ');
    expect(await raw(other, '/tasks', 'Host: app.example.com')).toContain(' 403 ');
    expect(await raw(other, '/tasks', 'Host: mcp.example.com', 'Origin: https://evil.example')).toContain(' 403 ');
    await other.close();
  });

  it('finishes open answers when it closes, and accepts no new requests', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const write = async (text: string): Promise<void> => await writer.write(new TextEncoder().encode(text));
    const other = await serve({ ...handler, fetch: async () => new Response(readable) }, { port: 0 });
    void write('half and ');
    const response = await fetch(other.url);
    const closing = other.close();
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
    await write('half');
    await writer.close();
    expect(await response.text()).toBe('half and half');
    await closing;
  });

  it('tells the handler when a client hangs up', async () => {
    let aborted: ((was: string) => void) | undefined;
    const hungUp = new Promise<string>((resolve) => (aborted = resolve));
    const other = await serve(
      {
        ...handler,
        async fetch(request) {
          request.signal.addEventListener('abort', () => aborted?.('aborted'));
          return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(8)) }));
        },
      },
      { port: 0 },
    );
    const client = new AbortController();
    await fetch(other.url, { signal: client.signal });
    client.abort();
    expect(await hungUp).toBe('aborted');
    await other.close();
  });

  it('keeps idle connections longer than a load balancer does', async () => {
    const { headers } = await fetch(server.url);
    expect(headers.get('keep-alive')).toBe('timeout=75');
  });

  it('closes a connection that is idle for longer than the configured time', async () => {
    const other = await serve(handler, { port: 0, idleTimeout: '100 ms' });
    const { port } = new URL(other.url);
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toContain(' 200 ');
    await other.close();
  });

  it.each(['{"a":"é"}', '{"a":', ''])('passes on the body %j', async (body) => {
    const echo = async (request: Request): Promise<Response> => new Response(await request.text());
    const other = await serve({ ...handler, fetch: echo }, { port: 0 });
    expect(await (await fetch(other.url, { method: 'POST', body })).text()).toBe(body);
    await other.close();
  });

  it('tells the handler for each request on a connection that its client has hung up', async () => {
    const aborted = new Set<Request>();
    const asked = new Set<Request>();
    const other = await serve(
      {
        ...handler,
        async fetch(request) {
          asked.add(request);
          request.signal.addEventListener('abort', () => aborted.add(request));
          return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(8)) }));
        },
      },
      { port: 0 },
    );
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3));
    await vi.waitFor(() => expect(asked.size).toBe(3), 20_000);
    socket.destroy();
    await vi.waitFor(() => expect(aborted.size).toBe(3), 20_000);
    await other.close();
  });

  it('serves another request on the connection of one whose body nobody has read', async () => {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    const request = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`;
    let answer = '';
    const answered = new Promise<void>((resolve) =>
      socket.on('data', (data) => {
        answer += data.toString();
        if (answer.split(' 200 OK').length === 3) resolve();
      }),
    );
    socket.write(request + request);
    await answered;
    expect(answer).not.toContain('close');
    socket.destroy();
  });

  it('answers 500 if the handler fails, and logs why', async () => {
    const error = vi.fn<Logger['error']>();
    const other = await serve(
      {
        ...handler,
        fetch: async () => {
          throw new Error('unexpected');
        },
      },
      { port: 0, logger: { debug() {}, info() {}, warn() {}, error } },
    );
    const response = await fetch(other.url);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: -32603 } });
    expect(error).toHaveBeenCalledOnce();
    await other.close();
  });

  it('answers 400 if the request makes no URL', async () => {
    expect(await raw(server, '/mcp', 'Host: a b')).toContain(' 400 ');
  });
});
