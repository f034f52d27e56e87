/** The canary for src/server/seam.ts: what the adapter takes from inside the v2 SDK still does what it did. @module */
import { createMcpHandler, InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { intercept, openStream, statelessResult } from '../../src/server/seam.js';
import { send2026 } from '../helpers/raw-requests.js';
import { installed } from '../helpers/sdk-version.js';
import type { Endpoint } from '../helpers/session-client.js';

function serverWithTool(): McpServer {
  const mcp = new McpServer({ name: 't', version: '1' });
  mcp.registerTool('own', { inputSchema: z.object({}) }, () => ({ content: [{ type: 'text', text: 'own' }] }));
  return mcp;
}

describe(`inside ${installed('@modelcontextprotocol/server')}`, () => {
  it('tools/call can return something other than a CallToolResult, and other calls still reach the SDK', async () => {
    const mcp = serverWithTool();
    intercept(mcp, 'tools/call', async (request, ctx, sdk) => {
      const { name } = request.params as { name: string };
      return name === 'own' ? await sdk(request, ctx) : { task: { taskId: 'made here' } };
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: 'c', version: '1' });
    await Promise.all([mcp.connect(far), client.connect(near)]);
    expect(await client.callTool({ name: 'own' })).toMatchObject({ content: [{ text: 'own' }] });
    const raw = await client.request({ method: 'tools/call', params: { name: 'ours' } }, z.looseObject({}));
    expect(raw).toMatchObject({ task: { taskId: 'made here' } });
    await client.close();
  });

  it('tools/list can be changed for each request', async () => {
    const mcp = serverWithTool();
    intercept(mcp, 'tools/list', async (request, ctx, sdk) => ({
      ...(await sdk(request, ctx)),
      _meta: { seen: true },
    }));
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = new Client({ name: 'c', version: '1' });
    await Promise.all([mcp.connect(far), client.connect(near)]);
    expect(await client.listTools()).toMatchObject({ tools: [{ name: 'own' }], _meta: { seen: true } });
    await client.close();
  });

  it('a response can become a stream before its first message, unless streams are turned off', async () => {
    const answered = async (responseMode: 'auto' | 'json'): Promise<string | null> => {
      const handler = createMcpHandler(
        () => {
          const mcp = serverWithTool();
          intercept(mcp, 'tools/call', async (request, ctx, sdk) => {
            openStream(mcp.server.transport);
            return await sdk(request, ctx);
          });
          return mcp;
        },
        { responseMode },
      );
      let type: string | null = null;
      const endpoint: Endpoint = {
        async fetch(request) {
          const response = await handler.fetch(request);
          type = response.headers.get('content-type');
          return response;
        },
      };
      const { result } = await send2026(endpoint, 'tools/call', { name: 'own', arguments: {} });
      expect(result).toMatchObject({ content: [{ text: 'own' }] });
      return type;
    };
    expect(await answered('auto')).toBe('text/event-stream');
    expect(await answered('json')).toBe('application/json');
  });

  it('a server says who it is', () => {
    expect(statelessResult(serverWithTool(), { taskId: 'a', _meta: { own: 1 } })).toEqual({
      resultType: 'complete',
      taskId: 'a',
      _meta: { own: 1, 'io.modelcontextprotocol/serverInfo': { name: 't', version: '1' } },
    });
  });

  it('a server without the seam is refused with a clear error', () => {
    const other = { server: {} } as McpServer;
    expect(() => intercept(other, 'tools/call', async (request, ctx, sdk) => await sdk(request, ctx))).toThrow(
      /install ~2\.4\.0/,
    );
  });
});
