/** Public clients without task support: the results they get pass their own validation. */
import {
  Client as ModernClient,
  InMemoryTransport,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tasksCapability } from '../../src/client/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { gatedTools, release, returned } from '../helpers/gated.js';

/** The methods that all of the clients share. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string; outputSchema?: unknown }[] }>;
  callTool(params: {
    name: string;
    arguments: Record<string, unknown>;
  }): Promise<{ structuredContent?: unknown; isError?: unknown; content?: unknown }>;
  close(): Promise<void>;
}

let stack: Stack;
let server: Listening;
const factory = (): McpServer => new McpServer({ name: 'test', version: '1.0.0' });
beforeAll(async () => {
  stack = await startStack(gatedTools, { fallback: 'handle', handleAfter: '400 ms', owner: () => 'one' });
  await stack.startWorker();
  server = await listen(stack.tasks.handler(factory));
});
afterAll(async () => {
  await server.close();
  await stack.close();
});

const info = { name: 'test', version: '1.0.0' };

async function v1(): Promise<AnyClient> {
  const client = new V1Client(info);
  await client.connect(new V1Transport(server.url));
  return client as AnyClient;
}

async function modern(mode: 'legacy' | 'auto'): Promise<AnyClient> {
  const client = new ModernClient(info, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(server.url));
  return client;
}

const clients: [string, boolean, () => Promise<AnyClient>][] = [
  ['v1', true, v1],
  ['v2 in 2025-11-25', true, async () => await modern('legacy')],
  ['v2 in 2026-07-28', false, async () => await modern('auto')],
];

describe.each(clients)('the client of %s', (which, older, connect) => {
  let client: AnyClient;
  let listed: Map<string, { outputSchema?: unknown }>;
  beforeAll(async () => {
    client = await connect();
    // Once it has listed the tools, the client validates results against their schemas.
    listed = new Map((await client.listTools()).tools.map((tool) => [tool.name, tool]));
  });
  afterAll(async () => await client.close());

  it.each(Object.keys(returned) as (keyof typeof returned)[])(
    'accepts the handle and the result of a tool that returns: %s',
    async (name) => {
      const gate = `${which} ${name}`;
      const handle = await client.callTool({ name, arguments: { gate } });
      expect(handle).toMatchObject({ structuredContent: { tool: name, status: 'working' } });
      expect(handle.isError).toBeFalsy();
      const { taskId } = handle.structuredContent as { taskId: string };
      release(gate);
      // Before 2026-07-28, structured content that may not be an object is under `result`.
      const content: unknown =
        older && (name === 'text' || name === 'mixed') ? { result: returned[name] } : returned[name];
      await expect
        .poll(async () => (await client.callTool({ name: 'task_wait', arguments: { taskId } })).structuredContent, {
          timeout: 20_000,
        })
        .toEqual(content);
      // The gate is open now, so the call itself returns the result unless the machine is too busy.
      await expect
        .poll(async () => (await client.callTool({ name, arguments: { gate } })).structuredContent, { timeout: 20_000 })
        .toEqual(content);
    },
  );

  it('lists an object schema, and accepts the companions’ answers', async () => {
    const object = listed.get('object')?.outputSchema;
    expect(object).toMatchObject({
      type: 'object',
      anyOf: [{ properties: { size: {} } }, { properties: { taskId: {} } }],
    });
    expect(listed.get('no-schema')?.outputSchema).toBeUndefined();
    const gate = `${which} companions`;
    const { taskId } = (await client.callTool({ name: 'object', arguments: { gate } })).structuredContent as {
      taskId: string;
    };
    const { tasks } = (await client.callTool({ name: 'task_list', arguments: {} })).structuredContent as {
      tasks: { taskId: string }[];
    };
    expect(tasks.map((task) => task.taskId)).toContain(taskId);
    expect((await client.callTool({ name: 'task_cancel', arguments: { taskId } })).structuredContent).toMatchObject({
      taskId,
      status: 'cancelled',
    });
    release(gate);
  });
});

describe.each(['legacy', 'auto'] as const)('over one connection, protocol negotiation %s', (mode) => {
  it.each([[{}], [tasksCapability]])('the companions are for clients that declare: %j', async (capabilities) => {
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    const serving = stack.tasks.stdio(factory, { transport: theirs });
    const client = new ModernClient(info, { versionNegotiation: { mode }, capabilities });
    await client.connect(ours);
    const names = (await client.listTools()).tools.map(({ name }) => name).filter((name) => name.startsWith('task_'));
    const speaksTasks = mode === 'auto' && capabilities === tasksCapability;
    expect(names).toEqual(speaksTasks ? [] : ['task_wait', 'task_cancel', 'task_list']);
    await client.close();
    await serving.close();
  });
});
