/** A plain call whose caller goes away: cancelled in 2026-07-28, as that version demands; in 2025-11-25 it runs on. */
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { listen, type Listening } from '../setup/http.js';
import { startStack, type Stack } from '../setup/stack.js';

let begun: (id: string) => void;
const tool = defineTool({
  name: 'long',
  inputSchema: z.object({}),
  async run(_, ctx) {
    begun(ctx.taskId);
    return await new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)));
  },
});

let stack: Stack;
let server: Listening;
beforeAll(async () => {
  stack = await startStack([tool]);
  await stack.startWorker();
  server = await listen(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
});
afterAll(async () => {
  await server.close();
  await stack.close();
});

/** Calls the tool over a real connection and hangs up as soon as it runs. @returns the task's ID */
async function callAndHangUp(headers: object, meta: object): Promise<string> {
  const started = new Promise<string>((resolve) => (begun = resolve));
  const abort = new AbortController();
  const call = fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'long', arguments: {}, ...meta } }),
    signal: abort.signal,
  }).then(async (response) => await response.text());
  const id = await started;
  abort.abort();
  await expect(call).rejects.toThrow('abort');
  return id;
}

it('2026-07-28', async () => {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'long' };
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } };
  const id = await callAndHangUp(headers, { _meta });
  expect((await stack.tasks.engine.result('anonymous', id, AbortSignal.timeout(20_000))).outcome).toEqual({ kind: 'cancelled' });
});

it('2025-11-25', async () => {
  const { engine } = stack.tasks;
  const id = await callAndHangUp({ 'mcp-protocol-version': '2025-11-25' }, {});
  // The server has noticed: it answers the next request after the connection's end.
  expect((await fetch(server.url, { method: 'GET' })).status).toBe(405);
  expect((await engine.get('anonymous', id)).outcome).toBeUndefined();
  await engine.cancel('anonymous', id);
});
