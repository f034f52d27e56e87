/** The handlers of both adapters refuse requests that a foreign web page may have caused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters, type Adapted } from '../helpers/adapters.js';

const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

describe.each(adapters)('%s', (_, adapt) => {
  let byDefault: Adapted;
  let named: Adapted;
  beforeAll(async () => {
    byDefault = await adapt([]);
    named = await adapt([], {}, { allowedHosts: ['mcp.example.com'], allowedOrigins: ['app.example.com'] });
  });
  afterAll(async () => {
    await byDefault.stack.close();
    await named.stack.close();
  });

  async function ping({ handler }: Adapted, url: string, origin?: string): Promise<Response> {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(origin === undefined ? {} : { origin }),
    };
    return await handler.fetch(new Request(url, { method: 'POST', headers, body }));
  }

  it('accepts loopback names by default', async () => {
    expect((await ping(byDefault, 'http://localhost:3000/mcp')).status).toBe(200);
    expect((await ping(byDefault, 'http://127.0.0.1/mcp', 'http://localhost:5173')).status).toBe(200);
    expect((await ping(byDefault, 'http://mcp.example.com/mcp')).status).toBe(403);
    const refused = await ping(byDefault, 'http://localhost/mcp', 'https://evil.example');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
  });

  it('accepts the configured names', async () => {
    expect((await ping(named, 'https://mcp.example.com/mcp', 'https://app.example.com')).status).toBe(200);
    expect((await ping(named, 'https://app.example.com/mcp')).status).toBe(403);
  });
});
