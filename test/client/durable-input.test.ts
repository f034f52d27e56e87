/** Input requests and progress of durable tasks, through `callTool` with every kind of client. */
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  callTool,
  type InputRequest,
  type McpClient,
  type Progress,
  resume,
  tasksCapability,
} from '../../src/client/index.js';
import { defineTool } from '../../src/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';

/** Ends the current step. */
let next = (): void => undefined;
const tools = [
  defineTool({ name: 'twice', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askTwice' }),
  defineTool({
    name: 'all',
    inputSchema: z.object({}),
    asks: ['elicitation.form', 'elicitation.url', 'sampling'],
    workflow: 'askAll',
  }),
  defineTool({
    name: 'steps',
    inputSchema: z.object({}),
    async run(_args, ctx) {
      for (const step of [1, 2]) {
        const seen = new Promise<void>((resolve) => (next = resolve));
        ctx.progress(step, 2, 'steps');
        await seen;
      }
      return {};
    },
  }),
];

let stack: Stack;
let server: Listening;
const clients: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
  server = await listen(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
});
afterAll(async () => {
  await Promise.all(clients.map(async (client) => await client.close()));
  await server.close();
  await stack.close();
});

const elicitation = { form: {}, url: {} };
type Kind = 'v1' | 'legacy' | 'auto';

/** @param ownAnswer the client's own elicitation handler, if it has one */
async function connect(
  kind: Kind,
  ownAnswer?: (request: InputRequest) => { action: 'accept'; content: Record<string, string | number> },
): Promise<McpClient> {
  if (kind === 'v1') {
    const client = new V1Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation, sampling: {} } });
    if (ownAnswer) client.setRequestHandler(ElicitRequestSchema, (request) => ownAnswer(request as InputRequest));
    await client.connect(new V1Transport(server.url));
    clients.push(client);
    return client;
  }
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: { elicitation, sampling: {}, ...tasksCapability }, versionNegotiation: { mode: kind } },
  );
  if (ownAnswer) client.setRequestHandler('elicitation/create', (request) => ownAnswer(request as InputRequest));
  await client.connect(new StreamableHTTPClientTransport(server.url));
  clients.push(client);
  return client;
}

const nameOrSize = ({ params }: InputRequest) => ({
  action: 'accept' as const,
  content: params?.['message'] === 'Name?' ? { name: 'Ann' } : { size: 3 },
});

describe.each(['v1', 'legacy', 'auto'] as const)('client %s', (kind) => {
  it('onInput answers every kind of question, and again after an invalid answer', async () => {
    const asked: unknown[] = [];
    const ages = [{ age: 'old' }, { age: 7 }];
    const onInput = async ({ method, params }: InputRequest) => {
      asked.push([method, params?.['mode']]);
      if (method === 'sampling/createMessage')
        return await Promise.resolve({ role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' });
      return params?.['mode'] === 'url' ? { action: 'accept' } : { action: 'accept', content: ages.shift() ?? {} };
    };
    const { structuredContent } = await callTool(await connect(kind), { name: 'all' }, { onInput });
    expect(structuredContent).toMatchObject({ age: { age: 7 }, visit: 'accept', said: { type: 'text', text: 'Ho' } });
    expect(asked.slice(0, 4)).toEqual([
      ['elicitation/create', 'form'],
      ['elicitation/create', 'form'],
      ['elicitation/create', 'url'],
      ['sampling/createMessage', undefined],
    ]);
  });

  it('a resumed call answers open questions', async () => {
    const client = await connect(kind);
    let taskId = '';
    const failing = async () => await Promise.reject(new Error('not now'));
    await expect(
      callTool(client, { name: 'twice' }, { onInput: failing, onStatus: (status) => (taskId = status.taskId) }),
    ).rejects.toThrow('not now');
    const result = await resume(client, taskId, {
      onInput: async (request) => await Promise.resolve(nameOrSize(request)),
    });
    expect(result.structuredContent).toEqual({ name: 'Ann', size: 3 });
  });
});

describe.each(['v1', 'legacy'] as const)('client %s, in 2025-11-25', (kind) => {
  it('without onInput the client’s own handler answers', async () => {
    expect((await callTool(await connect(kind, nameOrSize), { name: 'twice' })).structuredContent).toEqual({
      name: 'Ann',
      size: 3,
    });
  });

  it('a task reports its progress', async () => {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      seen.push(progress);
      next();
    };
    await callTool(await connect(kind), { name: 'steps' }, { onProgress });
    expect(seen).toMatchObject([
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ]);
  });
});
