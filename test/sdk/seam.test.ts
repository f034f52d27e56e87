/** A canary for the v1 SDK internals that the adapter relies on. If it fails, fix src/sdk/seam.ts. */
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { expect, it, vi } from 'vitest';
import { installed } from '../helpers/sdk-version.js';
import {
  guardRequests,
  handlerOf,
  handles,
  onConnect,
  replaceHandler,
  watchStreams,
  type Extra,
} from '../../src/sdk/seam.js';

const SDK = installed('@modelcontextprotocol/sdk');

it(`inside ${SDK}, the handlers of a server can be read and replaced`, async () => {
  const mcp = new McpServer({ name: 't', version: '1' });
  const ping = handlerOf(mcp, 'ping');
  expect(await ping({ jsonrpc: '2.0', id: 1, method: 'ping' }, {} as Extra)).toEqual({});
  replaceHandler(mcp, 'ping', async () => await Promise.resolve({ replaced: true }));
  expect(await handlerOf(mcp, 'ping')({ jsonrpc: '2.0', id: 1, method: 'ping' }, {} as Extra)).toEqual({
    replaced: true,
  });
  expect([handles(mcp, 'initialize'), handles(mcp, 'tools/call')]).toEqual([true, false]);
  expect(() => handlerOf(mcp, 'tools/call')).toThrow(/not supported/);
  expect(() => handlerOf({ server: {} } as McpServer, 'ping')).toThrow(/not supported/);
});

it(`inside ${SDK}, a server sets its listeners before it starts its transport`, async () => {
  const mcp = new McpServer({ name: 't', version: '1' });
  const [transport] = InMemoryTransport.createLinkedPair();
  const listening: boolean[] = [];
  onConnect(mcp, ({ onmessage, onclose }) => void listening.push(onmessage !== undefined, onclose !== undefined));
  await mcp.connect(transport);
  expect(listening).toEqual([true, true]);
});

it(`inside ${SDK}, the streams of Streamable HTTP can be watched; stdio is but one`, async () => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  const changed = vi.fn<() => void>();
  const streams = watchStreams(transport, changed);
  expect(streams?.carry()).toBe(false);
  const { body } = await transport.handleRequest(
    new Request('http://127.0.0.1/mcp', { headers: { accept: 'text/event-stream' } }),
  );
  expect(streams?.carry()).toBe(true);
  expect(changed).toHaveBeenCalledTimes(1);
  await body?.cancel();
  expect(streams?.carry()).toBe(false);
  expect(changed).toHaveBeenCalledTimes(2);
  expect(watchStreams(new StreamableHTTPServerTransport(), changed)).toBeDefined();
  expect(watchStreams(new StdioServerTransport(), changed)).toBeUndefined();
});

it(`inside ${SDK}, a request has its stream until it is dropped`, async () => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  const streams = watchStreams(transport, () => undefined);
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
  const { body } = await transport.handleRequest(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }),
    }),
  );
  expect([streams?.carry(7), streams?.dropped(7)]).toEqual([true, false]);
  await body?.cancel();
  expect([streams?.carry(7), streams?.dropped(7)]).toEqual([false, true]);
});

it(`inside ${SDK}, a stream can be ended`, async () => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  const streams = watchStreams(transport, () => undefined);
  const response = await transport.handleRequest(
    new Request('http://127.0.0.1/mcp', { headers: { accept: 'text/event-stream' } }),
  );
  streams?.expire();
  expect(await response.text()).toBe('');
  expect(streams?.carry()).toBe(false);
});

it(`inside ${SDK}, a request that is answered with JSON can be ended`, async () => {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const streams = watchStreams(transport, () => undefined);
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
  transport.onmessage = () => streams?.expire(7);
  const response = await transport.handleRequest(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }),
    }),
  );
  expect(await response.json()).toMatchObject({ id: 7, error: { code: -32603 } });
});

it(`inside ${SDK}, a request can be refused before the transport sees it`, async () => {
  const transport = new WebStandardStreamableHTTPServerTransport();
  const refused = new Response(null, { status: 404 });
  const authInfo = { token: 't', clientId: 'c', scopes: [] };
  const refuse = vi.fn<Parameters<typeof guardRequests>[1]>().mockResolvedValue(refused);
  expect(guardRequests(transport, refuse)).toBe(true);
  const request = new Request('http://127.0.0.1/mcp');
  expect(await transport.handleRequest(request, { authInfo })).toBe(refused);
  expect(refuse).toHaveBeenCalledWith(request, authInfo, expect.any(Function));
  expect(guardRequests(new StreamableHTTPServerTransport(), refuse)).toBe(true);
  expect(guardRequests(new StdioServerTransport(), refuse)).toBe(false);
});
