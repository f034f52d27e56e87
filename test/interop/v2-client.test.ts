/** The v2 SDK's client, speaking 2025-11-25 to a v1 server. */
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { defineTool } from '../../src/index.js';
import { DurableTasks } from '../../src/sdk/index.js';
import { v1Server } from '../helpers/adapters.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStackOf, type Stack } from '../helpers/stack.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'once', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
];
let stack: Stack<DurableTasks>;
let server: Listening;
let client: Client;

beforeAll(async () => {
  stack = await startStackOf(DurableTasks, tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath });
  server = await listen(stack.tasks.handler(v1Server));
  client = new Client(
    { name: 'v2', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: { ...tasksCapability, elicitation: { form: {} } } },
  );
  client.setRequestHandler(
    'elicitation/create',
    async () => await Promise.resolve({ action: 'accept' as const, content: { name: 'Ann' } }),
  );
  await client.connect(new StreamableHTTPClientTransport(server.url));
});
afterAll(async () => {
  await client.close();
  await server.close();
  await stack.close();
});

it('is asked by a task, and gets its result', async () => {
  const statuses = new Set<string>();
  const result = await callTool(client, { name: 'once' }, { onStatus: ({ status }) => statuses.add(status) });
  expect(result.structuredContent).toEqual({ name: 'Ann' });
  expect(statuses).toContain('completed');
});

it('is asked by a plain call', async () => {
  expect((await client.callTool({ name: 'once' })).structuredContent).toEqual({ name: 'Ann' });
});

it('calls the ordinary tools', async () => {
  expect((await client.callTool({ name: 'plain', arguments: { x: 3 } })).content).toEqual([
    { type: 'text', text: 'plain 3' },
  ]);
});
