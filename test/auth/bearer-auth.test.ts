/** `bearerAuth` with a real authorization server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport, type OAuthClientProvider } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { bearerAuth, type ProtectedHandler } from '../../src/auth/index.js';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { defineTool, type Logger } from '../../src/index.js';
import { listen } from '../helpers/http.js';
import { silent, startStack, type Stack } from '../helpers/stack.js';
import { send2025, send2026 } from '../helpers/raw-requests.js';
import {
  CLIENT,
  REDIRECT,
  startAuthorizationServer,
  type AuthorizationServer,
} from '../helpers/authorization-server.js';

const RESOURCE = 'https://mcp.example.com/mcp';
const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
const echo = defineTool({
  name: 'echo',
  inputSchema: z.object({ text: z.string() }),
  run: async ({ text }) => ({ text }),
});
const sleep = defineTool({
  name: 'sleep',
  inputSchema: z.object({}),
  run: async (_, { signal }) => await new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
});

const WRONG_SUBJECT = "the token's subject (sub) is not a string, so it cannot own tasks";
const warn = vi.fn<Logger['warn']>();

let server: AuthorizationServer;
let stack: Stack;
let handler: ProtectedHandler;
const factory = (): McpServer => new McpServer({ name: 'test', version: '1.0.0' });
const now = (): number => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  server = await startAuthorizationServer();
  stack = await startStack([echo, sleep]);
  await stack.startWorker();
  handler = await bearerAuth(stack.tasks.handler(factory), {
    issuer: server.issuer,
    resource: RESOURCE,
    scopes: ['tasks:run'],
    logger: { ...silent, warn },
  });
});
afterAll(async () => {
  await stack.close();
  await server.close();
});

/** Wraps the handler so that every request carries this token. */
const as = (token: string): ProtectedHandler => ({
  ...handler,
  async fetch(request) {
    request.headers.set('authorization', `Bearer ${token}`);
    return await handler.fetch(request);
  },
});

async function ask(
  path: string,
  { token, method = 'POST', on = handler }: { token?: string | undefined; method?: string; on?: ProtectedHandler } = {},
): Promise<Response> {
  return await on.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    }),
  );
}

describe('a request is refused', () => {
  const forged = (claims: object, header?: { alg?: string; kid?: string }) => async () =>
    await server.forge({ aud: RESOURCE, ...claims }, header);
  it.each<[string, () => Promise<string | undefined>, string]>([
    ['without a token', async () => undefined, 'Missing Authorization header'],
    ['with garbage', async () => 'garbage', 'Invalid Compact JWS'],
    ['when the token has expired', forged({ exp: now() - 60 }), '"exp" claim timestamp check failed'],
    ['before the token is valid', forged({ nbf: now() + 60 }), '"nbf" claim timestamp check failed'],
    ['with a token that never expires', forged({ exp: undefined }), 'missing required "exp" claim'],
    [
      'with a token for another server',
      async () => await server.signIn('alice', { resource: 'https://other.example.com/mcp' }),
      'unexpected "aud" claim value',
    ],
    ['with a token without an audience', forged({ aud: undefined }), 'missing required "aud" claim'],
    ['with the token of another issuer', forged({ iss: 'https://auth.example.com' }), 'unexpected "iss" claim value'],
    [
      'with a token signed by a key that the issuer does not publish',
      forged({}, { kid: 'second' }),
      'no applicable key found in the JSON Web Key Set',
    ],
    [
      'with a token signed by the public key as an HMAC secret',
      forged({}, { alg: 'HS256' }),
      '"alg" (Algorithm) Header Parameter value not allowed',
    ],
    [
      'with a token without a subject',
      forged({ sub: undefined }),
      'the token has no subject (sub), which is needed to own tasks',
    ],
    [
      'with a token whose subject is empty',
      forged({ sub: '' }),
      'the token has no subject (sub), which is needed to own tasks',
    ],
    ['with a token whose subject is a number', forged({ sub: 42 }), WRONG_SUBJECT],
  ])('%s', async (_, make, reason) => {
    warn.mockClear();
    const token = await make();
    const response = await ask('/mcp', { token });
    expect(response.status).toBe(401);
    // One line for the operator, with the reason alone. A request without a token is how clients find the issuer.
    const line = [{ issuer: server.issuer }, `refused a token: ${reason}`];
    expect(warn.mock.calls).toEqual(token === undefined ? [] : [line]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain(token ?? 'Bearer');
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", error_description="${reason.replaceAll('"', String.raw`\"`)}", scope="tasks:run", resource_metadata="${METADATA}"`,
    );
    expect(await response.json()).toEqual({ error: 'invalid_token', error_description: reason });
  });

  it('with a token that someone else signed in the issuer’s name', async () => {
    const other = await startAuthorizationServer();
    const response = await ask('/mcp', { token: await other.forge({ aud: RESOURCE, iss: server.issuer }) });
    await other.close();
    expect(await response.json()).toEqual({
      error: 'invalid_token',
      error_description: 'signature verification failed',
    });
  });

  it('with 403 and the missing scope, if the token lacks a scope', async () => {
    const response = await ask('/mcp', {
      token: await server.signIn('alice', { resource: RESOURCE, scope: 'tasks:read' }),
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", error_description="Insufficient scope", scope="tasks:run", resource_metadata="${METADATA}"`,
    );
  });
});

it('tells clients where to get tokens', async () => {
  expect(handler.metadataPaths).toEqual([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-authorization-server',
  ]);
  for (const path of handler.metadataPaths.slice(0, 2)) {
    expect(await (await ask(path, { method: 'GET' })).json()).toEqual({
      resource: RESOURCE,
      authorization_servers: [server.issuer],
      scopes_supported: ['tasks:run'],
    });
    expect((await ask(path)).status).toBe(405);
  }
  expect(await (await ask('/.well-known/oauth-authorization-server', { method: 'GET' })).json()).toMatchObject({
    issuer: server.issuer,
    token_endpoint: `${server.issuer}/token`,
  });
});

it('reads scopes in every form that issuers use', async () => {
  for (const claims of [
    { scope: 'a tasks:run' },
    { scope: undefined, scp: 'tasks:run' },
    { scope: undefined, scp: ['tasks:run'] },
  ]) {
    const { result } = await send2025(
      as(await server.forge({ aud: ['https://x.example', RESOURCE], ...claims })),
      'tasks/list',
      {},
    );
    expect(result.tasks).toEqual(expect.any(Array));
  }
});

it.each([
  [{ resource: RESOURCE, audience: 'api://tasks' }, ['api://tasks'], [RESOURCE]],
  [
    { resource: 'https://mcp.example.com' },
    ['https://mcp.example.com', 'https://mcp.example.com/'],
    ['https://mcp.example.com/mcp'],
  ],
])('accepts exactly the audience of %o', async (named, good, wrong) => {
  const on = await bearerAuth(stack.tasks.handler(factory), { issuer: server.issuer, ...named, logger: silent });
  // A good token gets through. The server then rejects the empty message, but not with 401.
  for (const aud of good) expect((await ask('/mcp', { token: await server.forge({ aud }), on })).status).not.toBe(401);
  for (const aud of wrong) expect((await ask('/mcp', { token: await server.forge({ aud }), on })).status).toBe(401);
});

describe('tasks', () => {
  it('belong to the user of the token, and look nonexistent to others', async () => {
    const alice = as(await server.signIn('alice', { resource: RESOURCE }));
    const bob = as(await server.signIn('bob', { resource: RESOURCE }));
    const { taskId } = (await send2026(alice, 'tools/call', { name: 'echo', arguments: { text: 'hi' } })).result;
    await expect
      .poll(async () => (await send2026(alice, 'tasks/get', { taskId })).result, { timeout: 20_000 })
      .toMatchObject({ status: 'completed', result: { structuredContent: { text: 'hi' } } });
    expect((await send2025(alice, 'tasks/list', {})).result.tasks).toContainEqual(expect.objectContaining({ taskId }));
    expect((await send2025(bob, 'tasks/list', {})).result.tasks).toEqual([]);
    const bobs = (await send2026(bob, 'tools/call', { name: 'echo', arguments: { text: 'ho' } })).result
      .taskId as string;
    const never = `${bobs.slice(0, -4)}${bobs.endsWith('2222') ? '3333' : '2222'}`;
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      const [foreign, none] = await Promise.all(
        [taskId, never].map(async (id: string) => await bytes(bob, method, { taskId: id, inputResponses: {} })),
      );
      expect(foreign?.body).toContain('-32602');
      expect(foreign).toEqual(none);
    }
  });

  it('are pushed to a subscription until its token expires', async () => {
    const alice = as(await server.signIn('alice', { resource: RESOURCE }));
    const { taskId } = (await send2026(alice, 'tools/call', { name: 'sleep' })).result;
    // Accepted for another five seconds, the clock tolerance.
    const expired = as(await server.forge({ aud: RESOURCE, exp: now() }));
    const { notifications, result } = await send2026(expired, 'subscriptions/listen', {
      notifications: { taskIds: [taskId] },
    });
    expect(notifications[0]?.params['notifications']).toEqual({ taskIds: [taskId] });
    expect(result).toMatchObject({ resultType: 'complete' });
    expect((await send2026(alice, 'tasks/cancel', { taskId })).status).toBe(200);
  });

  /** Returns the raw answer to a request that differs only in its task. */
  async function bytes(
    on: ProtectedHandler,
    method: string,
    params: Record<string, unknown>,
  ): Promise<{ status: number; body: string }> {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '0' },
      'io.modelcontextprotocol/clientCapabilities': tasksCapability,
    };
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      'mcp-name': String(params['taskId']),
    };
    const response = await on.fetch(
      new Request('http://127.0.0.1/mcp', {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
      }),
    );
    return { status: response.status, body: await response.text() };
  }
});

it('a public client gets from the first 401 to a result', async () => {
  // The URL is unknown until the server listens.
  let guarded: ProtectedHandler | undefined;
  const listening = await listen({
    ...handler,
    fetch: async (request) => (await guarded?.fetch(request)) ?? new Response(),
  });
  guarded = await bearerAuth(stack.tasks.handler(factory), {
    issuer: server.issuer,
    resource: listening.url.href,
    scopes: ['tasks:run'],
    logger: silent,
  });
  const saved: { verifier?: string; tokens?: unknown; callback?: URLSearchParams } = {};
  const authProvider: OAuthClientProvider = {
    redirectUrl: REDIRECT,
    clientMetadata: { redirect_uris: [REDIRECT] },
    clientInformation: () => ({ client_id: CLIENT }),
    tokens: () => saved.tokens as never,
    saveTokens: (tokens) => void (saved.tokens = tokens),
    saveCodeVerifier: (verifier) => void (saved.verifier = verifier),
    codeVerifier: () => saved.verifier as string,
    async redirectToAuthorization(url) {
      saved.callback = await server.authorize(url, 'carol');
    },
  };
  const connect = async (): Promise<{ client: Client; transport: StreamableHTTPClientTransport; failure: unknown }> => {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
    );
    const transport = new StreamableHTTPClientTransport(listening.url, { authProvider });
    return { client, transport, failure: await client.connect(transport).catch((error: unknown) => error) };
  };
  const first = await connect();
  expect(String(first.failure)).toContain('Unauthorized');
  await first.transport.finishAuth(saved.callback as URLSearchParams);
  const { client, failure } = await connect();
  expect(failure).toBeUndefined();
  expect((await callTool(client, { name: 'echo', arguments: { text: 'in' } })).structuredContent).toEqual({
    text: 'in',
  });
  await client.close();
  await listening.close();
});

describe('an issuer', () => {
  const protect = async (issuer: string, resource = RESOURCE): Promise<ProtectedHandler> =>
    await bearerAuth(stack.tasks.handler(factory), { issuer, resource, logger: silent });

  it('that goes away before its keys are read leads to a retryable 503', async () => {
    const other = await startAuthorizationServer();
    const on = await protect(other.issuer);
    const token = await other.forge({ aud: RESOURCE });
    await other.close();
    const response = await ask('/mcp', { token, on });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });

  it('that does not answer leads to a 503 in time', async () => {
    const mute = createServer((request, response) => {
      const issuer = `http://${request.headers.host}`;
      if (request.url?.includes('.well-known')) response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const on = await protect(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    expect(
      (
        await ask('/mcp', {
          token: await server.forge({ aud: RESOURCE, iss: `http://127.0.0.1:${(mute.address() as AddressInfo).port}` }),
          on,
        })
      ).status,
    ).toBe(503);
    mute.closeAllConnections();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('must be reachable, must publish metadata and must use https', async () => {
    const gone = await startAuthorizationServer();
    await gone.close();
    const wrong = {
      [gone.issuer]: "Cannot read the issuer's metadata",
      [`${server.issuer}/tenant`]: 'publishes no authorization server metadata',
      'http://auth.example.com': 'https://',
      'not a URL': 'https://',
      [server.issuer.replace('127.0.0.1', 'localhost')]: `another issuer, ${server.issuer}`,
    };
    for (const [issuer, message] of Object.entries(wrong))
      await expect(protect(issuer)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining(message),
      });
    await expect(protect(server.issuer, 'mcp.example.com')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('public URL'),
    });
    await expect(protect(`${server.issuer}/`)).resolves.toBeDefined();
  });
});
