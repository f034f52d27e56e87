/** An owner rule that throws: its message is for the operator only. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DurableTasks } from '../../src/sdk/index.js';
import { adapters, v1Server, type Adapted } from '../helpers/adapters.js';
import { stateless } from '../helpers/sdk-sessions.js';
import { send2025 } from '../helpers/raw-requests.js';
import { startStackOf } from '../helpers/stack.js';

const logged: unknown[] = [];
const log = (...entry: unknown[]): void => void logged.push(entry);
const options = {
  owner: () => {
    throw new Error('the password is hunter2');
  },
  logger: {
    error: ({ err }: { err?: Error }, text: string) => log(text, err?.message),
    warn: log,
    info: log,
    debug: log,
  },
};
const inTheLog = ['failed to determine the owner of a request', 'the password is hunter2'];

describe.each(adapters)('%s', (_, adapt) => {
  let adapted: Adapted;
  beforeAll(async () => {
    adapted = await adapt([], options);
  });
  afterAll(async () => await adapted.stack.close());

  it.each<[string, Record<string, string>]>([
    ['without headers of a version', {}],
    ['with the headers of 2026-07-28', { 'mcp-method': 'tools/list', 'mcp-protocol-version': '2026-07-28' }],
    ['with a misplaced Mcp-Method', { 'mcp-method': 'junk' }],
  ])('is logged and does not reach the client, %s', async (__, headers) => {
    logged.length = 0;
    const response = await adapted.handler.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      }),
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
    expect(logged).toEqual([inTheLog]);
  });
});

it('is logged and does not reach the client on a transport of the v1 SDK', async () => {
  const stack = await startStackOf(DurableTasks, [], options);
  const endpoint = stateless(() => {
    const mcp = v1Server();
    stack.tasks.attach(mcp);
    return mcp;
  });
  logged.length = 0;
  const { error } = await send2025(endpoint, 'tasks/get', { taskId: 'mcp-x-y' });
  expect(error).toEqual({ code: -32603, message: "Internal error; see the server's log" });
  expect(logged).toEqual([inTheLog]);
  await stack.close();
});

describe.each(adapters)('%s', (_, adapt) => {
  it('a token whose subject is not a string is refused with 401 and logged, without its text', async () => {
    const { stack, handler } = await adapt([], { logger: options.logger });
    logged.length = 0;
    const request = new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    const extra = { iss: 'https://issuer.example', sub: 42 };
    const response = await handler.fetch(request, {
      authInfo: { token: 'secret-token', clientId: 'c', scopes: [], extra },
    });
    await stack.close();
    expect(response.status).toBe(401);
    const problem = "the token's issuer (iss) and subject (sub) must be non-empty strings";
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", error_description="${problem}"`,
    );
    expect(logged).toEqual([[{}, `refused a request: ${problem}`]]);
  });
});
