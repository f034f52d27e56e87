/** Clients without task support on a v1 server get a handle after a while, and tools to continue with. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DurableTasks } from '../../src/sdk/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStackOf, type Stack } from '../helpers/stack.js';
import { gatedTools, release, returned } from '../helpers/gated.js';
import { Session } from '../helpers/session-client.js';

let stack: Stack<DurableTasks>;
let server: Listening;
const factory = (): McpServer => new McpServer({ name: 'v1', version: '1.0.0' });

beforeAll(async () => {
  stack = await startStackOf(DurableTasks, gatedTools, { fallback: 'handle', handleAfter: '300 ms' });
  await stack.startWorker();
  server = await listen(stack.tasks.handler(factory));
});
afterAll(async () => {
  await server.close();
  await stack.close();
});

it('the v1 client, which validates results, accepts the handle and then the result', async () => {
  const client = new Client({ name: 'host', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(server.url));
  await client.listTools();
  const gate = 'v1 server';
  const handle = await client.callTool({ name: 'object', arguments: { gate } });
  expect(handle).toMatchObject({ structuredContent: { status: 'working', tool: 'object' } });
  const { taskId } = handle.structuredContent as { taskId: string };
  release(gate);
  await expect
    .poll(async () => (await client.callTool({ name: 'task_wait', arguments: { taskId } })).structuredContent)
    .toEqual(returned.object);
  await client.close();
});

it('companions are listed, but task_list only to known callers', async () => {
  const handler = stack.tasks.handler(factory);
  const names = async (session: Session): Promise<string[]> =>
    (await session.request(handler, 'tools/list')).result.tools.map(({ name }: { name: string }) => name);
  const own = gatedTools.map(({ name }) => name);
  expect(await names(await Session.begin(handler))).toEqual([...own, 'task_wait', 'task_cancel']);
  const known = await Session.begin(
    handler,
    {},
    { token: 't', clientId: 'c', scopes: [], extra: { iss: 'https://issuer.example', sub: 'ann' } },
  );
  expect(await names(known)).toEqual([...own, 'task_wait', 'task_cancel', 'task_list']);
});

it('task_list cannot be called by anonymous clients', async () => {
  const handler = stack.tasks.handler(factory);
  const anonymous = await Session.begin(handler);
  expect((await anonymous.request(handler, 'tools/call', { name: 'task_list', arguments: {} })).result).toMatchObject({
    isError: true,
    content: [{ text: 'Tool task_list not found' }],
  });
});

it('an author’s tool with the name of a companion is refused', () => {
  const mcp = factory();
  mcp.registerTool('task_wait', {}, () => ({ content: [] }));
  expect(() => stack.tasks.attach(mcp)).toThrow(/task_wait/);
});
