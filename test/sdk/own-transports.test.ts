/** Durable tools on a v1 server that its author connects, with the SDK's own sessions and without sessions. */
import { fileURLToPath } from 'node:url';
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { takeResult } from '@modelcontextprotocol/sdk/shared/responseMessage.js';
import { CallToolResultSchema, ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { DurableTasks } from '../../src/sdk/index.js';
import { v1Server } from '../helpers/adapters.js';
import { startStackOf, type Stack } from '../helpers/stack.js';
import { send2025 } from '../helpers/raw-requests.js';
import { Incoming, Session, type Message } from '../helpers/session-client.js';
import { listenSessionful, sessionful, stateless } from '../helpers/sdk-sessions.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'once', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askOnce' }),
  defineTool({
    name: 'wait',
    inputSchema: z.object({}),
    run: async (_, { signal }) =>
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  }),
  defineTool({
    name: 'double',
    inputSchema: z.object({ n: z.number() }),
    run: async ({ n }) => await Promise.resolve({ n: 2 * n }),
  }),
];

let stack: Stack<DurableTasks>;
beforeAll(async () => {
  stack = await startStackOf(DurableTasks, tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath });
});
afterAll(async () => await stack.close());

/** Returns the author's server: a tool that asks the client by itself, and the durable tools. */
function server(): McpServer {
  const mcp = v1Server();
  mcp.registerTool('ask', {}, async () => {
    const { content } = await mcp.server.elicitInput({
      message: 'Who?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    return { content: [{ type: 'text', text: String(content?.['name']) }] };
  });
  stack.tasks.attach(mcp);
  return mcp;
}

const isQuestion = ({ method, id }: Message): boolean => method !== undefined && id !== undefined;
const accept = (name: string): { result: object } => ({ result: { action: 'accept', content: { name } } });
const endpoint = sessionful(server);
const create = async (session: Session, at = endpoint): Promise<string> =>
  (await session.request(at, 'tools/call', { name: 'once', task: {} })).result.task.taskId as string;

it('asks on the open `tasks/result`, and again after its client has hung up', async () => {
  const session = await Session.begin(endpoint);
  const taskId = await create(session);
  const first = await session.open(endpoint, 'tasks/result', { taskId });
  const asked = await first.next(isQuestion);
  const second = await session.open(endpoint, 'tasks/result', { taskId });
  await first.drop();
  const again = await second.next(isQuestion);
  expect(again.id).not.toBe(asked.id);
  expect(await session.reply(endpoint, again.id, accept('Ann'))).toBe(202);
  expect((await second.next(({ id }) => id === second.requestId)).result.structuredContent).toEqual({ name: 'Ann' });
});

it('asks on a GET stream, even one opened later, and sends the status there', async () => {
  const session = await Session.begin(endpoint);
  const taskId = await create(session);
  await expect
    .poll(async () => (await session.request(endpoint, 'tasks/get', { taskId })).result.status)
    .toBe('input_required');
  const early = await session.listen(endpoint);
  const asked = await early.next(isQuestion);
  await early.drop();
  const late = await session.listen(endpoint);
  const again = await late.next(isQuestion);
  expect(again.params).toEqual(asked.params);
  await session.reply(endpoint, again.id, accept('Bea'));
  expect((await late.next(({ params }) => params?.status === 'completed')).params).toMatchObject({ taskId });
  await late.drop();
});

it('does not ask clients that cannot answer', async () => {
  const session = await Session.begin(endpoint, {});
  const result = await session.open(endpoint, 'tasks/result', { taskId: await create(session) });
  expect((await result.next(({ id }) => id === result.requestId)).result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('elicitation.form') }],
  });
  expect(result.messages.filter(isQuestion)).toEqual([]);
});

it('its streams end when the client’s token expires', async () => {
  const token = {
    token: 't',
    clientId: 'c',
    scopes: [],
    extra: { iss: 'https://issuer.example', sub: 'ann' },
    expiresAt: Date.now() / 1000 + 1.5,
  };
  const session = await Session.begin(endpoint, {}, token);
  const taskId = (await session.request(endpoint, 'tools/call', { name: 'wait', task: {} })).result.task
    .taskId as string;
  const stream = await session.listen(endpoint);
  const result = await session.open(endpoint, 'tasks/result', { taskId });
  await Promise.all([stream.ended, result.ended]);
  expect(result.messages).toEqual([]);
  await stack.tasks.engine.cancel('token\0https://issuer.example\0ann', taskId);
});

it('a request that is answered with JSON gets no result after its token has expired', async () => {
  const plain = sessionful(server, { enableJsonResponse: true });
  const extra = { iss: 'https://issuer.example', sub: 'ann' };
  const expiresAt = Date.now() / 1000 + 1.5;
  const session = await Session.begin(plain, {}, { token: 't', clientId: 'c', scopes: [], extra, expiresAt });
  const { taskId } = (await session.request(plain, 'tools/call', { name: 'wait', task: {} })).result.task;
  expect(await session.request(plain, 'tasks/result', { taskId })).toMatchObject({
    error: { code: -32603, message: 'The access token expired before the answer was ready.' },
  });
  await stack.tasks.engine.cancel('token\0https://issuer.example\0ann', taskId);
});

it('its session belongs to the user who began it, even if somebody else knows its ID', async () => {
  const user = (sub: string) => ({
    token: sub,
    clientId: 'c',
    scopes: [],
    extra: { iss: 'https://issuer.example', sub },
  });
  const session = await Session.begin(endpoint, {}, user('ann'));
  const taskId = await create(session);
  const headers = { accept: 'text/event-stream', 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': session.id };
  const get = async (sub: string): Promise<Response> =>
    await endpoint.fetch(new Request('http://127.0.0.1/mcp', { headers }), { authInfo: user(sub) });
  expect(await get('bob')).toMatchObject({ status: 404 });
  const stream = await get('ann');
  expect(stream.status).toBe(200);
  await stream.body?.cancel();
  const other = new Session(session.id, user('bob'), session.begun);
  expect((await other.request(endpoint, 'tasks/get', { taskId })).error).toMatchObject({ code: -32001 });
  const end = async (sub: string): Promise<Response> =>
    await endpoint.fetch(new Request('http://127.0.0.1/mcp', { method: 'DELETE', headers }), { authInfo: user(sub) });
  expect(await end('bob')).toMatchObject({ status: 404 });
  expect(await end('ann')).toMatchObject({ status: 200 });
});

it('without sessions a reply is accepted by another server in the same process', async () => {
  const at = stateless(server);
  const { taskId } = (await send2025(at, 'tools/call', { name: 'once', task: {} })).result.task;
  const session = await Session.begin(at);
  const result = await session.open(at, 'tasks/result', { taskId });
  expect(await session.reply(at, (await result.next(isQuestion)).id, accept('Cid'))).toBe(202);
  expect((await result.next(({ id }) => id === result.requestId)).result.structuredContent).toEqual({ name: 'Cid' });
});

it('a client that resumes its stream gets its answer there', async () => {
  const at = sessionful(server, { eventStore: new InMemoryEventStore() });
  const session = await Session.begin(at);
  const taskId = await create(session, at);
  const headers = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-11-25',
    'mcp-session-id': session.id,
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'result', method: 'tasks/result', params: { taskId } });
  const { body: stream } = await at.fetch(new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body }));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  const lastEventId = /^id: (.*)$/m.exec(
    Buffer.from((await reader.read()).value as Uint8Array).toString(),
  )?.[1] as string;
  await reader.cancel();
  await expect
    .poll(async () => (await session.request(at, 'tasks/get', { taskId })).result.status)
    .toBe('input_required');
  await stack.tasks.engine.respond('anonymous', taskId, { 'input-1': { action: 'accept', content: { name: 'Dan' } } });
  const resumed = new Incoming(
    await at.fetch(new Request('http://127.0.0.1/mcp', { headers: { ...headers, 'last-event-id': lastEventId } })),
  );
  expect((await resumed.next(({ id }) => id === 'result')).result.structuredContent).toEqual({ name: 'Dan' });
  await resumed.drop();
});

it.each(['HTTP', 'memory'])('the v1 client is asked by durable and by other tools over %s', async (transport) => {
  const client = new Client({ name: 'v1', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }): ElicitResult => ({
    action: 'accept',
    content: { name: `${params.message} Eve` },
  }));
  const http = await listenSessionful(server);
  const [near, far] = InMemoryTransport.createLinkedPair();
  if (transport === 'memory') await server().connect(far);
  await client.connect(transport === 'HTTP' ? new StreamableHTTPClientTransport(http.url) : near);
  await client.listTools();
  expect((await client.callTool({ name: 'ask' })).content).toEqual([{ type: 'text', text: 'Who? Eve' }]);
  const stream = client.experimental.tasks.callToolStream({ name: 'once', arguments: {} }, CallToolResultSchema, {
    task: {},
  });
  expect((await takeResult(stream)).structuredContent).toEqual({ name: 'Name? Eve' });
  expect((await client.callTool({ name: 'double', arguments: { n: 4 } })).structuredContent).toEqual({ n: 8 });
  await client.close();
  await http.close();
});
