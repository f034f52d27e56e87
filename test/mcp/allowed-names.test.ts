/** Which requests a handler takes, by their Host and Origin headers. */
import { expect, it } from 'vitest';
import { onlyAllowedNames, type AllowedNames } from '../../src/mcp/http/allowed-names.js';

const ok = { fetch: async ({ method }: Request) => new Response(method) };

async function send(names: AllowedNames, url: string, headers: Record<string, string> = {}): Promise<Response> {
  const handler = onlyAllowedNames(ok, names);
  return await handler.fetch(new Request(url, { method: 'POST', headers }));
}

const status = async (...given: Parameters<typeof send>): Promise<number> => (await send(...given)).status;

it.each([
  ['http://localhost/mcp', {}],
  ['http://localhost:3000/mcp', { origin: 'http://localhost:5173' }],
  ['http://127.0.0.1:3000/mcp', { origin: 'http://127.0.0.1' }],
  ['http://[::1]:3000/mcp', { origin: 'http://[::1]:3000' }],
  ['http://127.0.0.1/mcp', { host: 'LOCALHOST:3000' }],
])('accepts loopback names: %s with %o', async (url, headers) => {
  expect(await status({}, url, headers)).toBe(200);
});

it.each([
  ['http://evil.example/mcp', {}],
  ['http://localhost.evil.example/mcp', {}],
  ['http://127.0.0.1/mcp', { host: 'evil.example' }],
  ['http://127.0.0.1/mcp', { host: '' }],
  ['http://127.0.0.1/mcp', { host: 'a b' }],
  ['http://127.0.0.1/mcp', { host: 'localhost@evil.example' }],
  ['http://localhost/mcp', { origin: 'https://evil.example' }],
  ['http://localhost/mcp', { origin: 'null' }],
  ['http://localhost/mcp', { origin: 'app://localhost' }],
  ['http://127.0.0.1/mcp', { host: 'localhost/evil.example' }],
  ['http://127.0.0.1/mcp', { host: 'localhost#.evil.example' }],
  ['http://127.0.0.1/mcp', { host: '%6c%6fcalhost' }],
  ['http://localhost/mcp', { origin: 'http://evil.example@localhost' }],
  ['http://localhost/mcp', { origin: 'localhost' }],
])('refuses others: %s with %o', async (url, headers) => {
  expect(await status({}, url, headers)).toBe(403);
});

it('accepts the configured names', async () => {
  const names = {
    allowedHosts: ['MCP.example.com', '[fd00::1]'],
    allowedOrigins: ['app.example.com', 'https://only.example.com', 'vscode-webview://abc'],
  };
  expect(await status(names, 'https://mcp.example.com:8443/mcp')).toBe(200);
  expect(await status(names, 'http://[fd00::1]/mcp')).toBe(200);
  expect(await status(names, 'http://localhost/mcp')).toBe(200);
  expect(await status(names, 'http://app.example.com/mcp')).toBe(403);
  const from = async (origin: string): Promise<number> =>
    await status(names, 'https://mcp.example.com/mcp', { origin });
  expect(await from('https://mcp.example.com')).toBe(200);
  expect(await from('http://app.example.com:8080')).toBe(200);
  expect(await from('https://only.example.com')).toBe(200);
  expect(await from('http://only.example.com')).toBe(403);
  expect(await from('vscode-webview://abc')).toBe(200);
  expect(await from('vscode-webview://other')).toBe(403);
});

it('answers with a JSON-RPC error that says how to allow the name', async () => {
  expect(await (await send({}, 'https://mcp.example.com:8443/mcp')).json()).toEqual({
    jsonrpc: '2.0',
    error: {
      code: -32000,
      message:
        'Forbidden: this server does not answer for the host "mcp.example.com:8443". Its operator can allow it (allowedHosts, or serve --allow-host).',
    },
  });
  expect(await (await send({}, 'http://localhost/mcp', { origin: 'https://app.example.com' })).json()).toEqual({
    jsonrpc: '2.0',
    error: {
      code: -32000,
      message:
        'Forbidden: web pages of "https://app.example.com" may not call this server. Its operator can allow them (allowedOrigins, or serve --allow-origin).',
    },
  });
});

it('does not repeat the check of an outer handler', async () => {
  const inner = onlyAllowedNames(ok, {});
  const outer = onlyAllowedNames(inner, { allowedHosts: ['mcp.example.com'] });
  expect((await outer.fetch(new Request('https://mcp.example.com/mcp'))).status).toBe(200);
  expect((await inner.fetch(new Request('https://mcp.example.com/mcp'))).status).toBe(403);
});

it.each([
  ['allowedHosts', 'https://mcp.example.com'],
  ['allowedHosts', 'mcp.example.com:3000'],
  ['allowedHosts', 'mcp.example.com/mcp'],
  ['allowedHosts', ''],
  ['allowedOrigins', 'https://app.example.com/page'],
  ['allowedOrigins', 'app.example.com:80 80'],
  ['allowedOrigins', 'https://app.example.com:443'],
])('the error about %s says what to write instead of %j', (option, name) => {
  expect(() => onlyAllowedNames(ok, { [option]: [name] })).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringMatching(`^${option}: write a host name`) }),
  );
});

it.each([{ allowedHosts: 'mcp.example.com' }, { allowedHosts: [undefined] }, { allowedOrigins: { app: true } }])(
  'refuses %o, which is not an array of strings',
  (names) => {
    expect(() => onlyAllowedNames(ok, names as unknown as AllowedNames)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('write an array of strings') }),
    );
  },
);
