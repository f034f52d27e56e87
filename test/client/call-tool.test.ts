/** `callTool` over HTTP in both protocol versions, with the clients of both SDKs. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { acceptedContent, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import {
  callTool,
  type InputRequest,
  JsonRpcError,
  type McpClient,
  tasksCapability,
  type TaskStatus,
} from '../../src/client/index.js';
import { defineTool, TaskError, type ToolContext } from '../../src/index.js';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';

/** Gates that let the test decide when a tool continues. */
const gates = new Map<
  string,
  { open: () => void; opened: Promise<void>; reached: () => void; started: Promise<void> }
>();
function gate(name: string) {
  let open = (): void => undefined;
  let reached = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const started = new Promise<void>((resolve) => (reached = resolve));
  const made = { open, opened, reached, started };
  gates.set(name, made);
  return made;
}

const inputSchema = z.object({ gate: z.string() });
async function run({ gate: name }: { gate: string }, ctx: ToolContext) {
  ctx.progress(1, 4, 'doors');
  gates.get(name)?.reached();
  await Promise.race([
    gates.get(name)?.opened,
    new Promise((_, reject) => ctx.signal.addEventListener('abort', reject)),
  ]);
  return { passed: name };
}
const tools = [
  defineTool({ name: 'wait', inputSchema, run }),
  defineTool({ name: 'wait_plainly', inputSchema, taskSupport: 'forbidden', run }),
  defineTool({
    name: 'refuse',
    inputSchema: z.object({}),
    run: async () => await Promise.reject(new TaskError(-32055, 'no', { why: 'x' })),
  }),
];

function factory(): McpServer {
  const mcp = new McpServer({ name: 'test', version: '1.0.0' });
  mcp.registerTool('plain', { inputSchema: z.object({}) }, () => ({ content: [{ type: 'text', text: 'plain' }] }));
  mcp.registerTool('asks_first', { inputSchema: z.object({}) }, (_args, { mcpReq }) => {
    const first = acceptedContent<{ name: string }>(mcpReq.inputResponses, 'name');
    if (first) return { content: [{ type: 'text', text: `${first.name}, ${String(mcpReq.requestState())}` }] };
    const ask = inputRequired.elicit({
      message: 'Name?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    return inputRequired({ inputRequests: { name: ask }, requestState: 'as before' });
  });
  return mcp;
}

let stack: Stack;
let temporal: TemporalClient;
let server: Listening;
const clients: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  temporal = new TemporalClient({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker();
  server = await listen(stack.tasks.handler(factory));
});
afterAll(async () => {
  await Promise.all(clients.map(async (client) => await client.close()));
  await server.close();
  await stack.close();
  await temporal.connection.close();
});

/** The v1 SDK's client, or the v2 SDK's with this version negotiation mode. */
type Kind = 'v1' | 'legacy' | 'auto';
const connectAs = async (kind: Kind, url = server.url): Promise<McpClient> =>
  kind === 'v1' ? await connectV1(url) : await connect(kind, url);

async function connectV1(url: URL): Promise<McpClient> {
  const client = new V1Client({ name: 'test', version: '1.0.0' });
  await client.connect(new V1Transport(url));
  clients.push(client);
  return client;
}

async function connect(era: 'legacy' | 'auto', url = server.url): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era }, capabilities: { ...tasksCapability, elicitation: { form: {} } } },
  );
  await client.connect(new StreamableHTTPClientTransport(url));
  clients.push(client);
  return client;
}

it.each([
  ['legacy', 'legacy'],
  ['auto', 'modern'],
] as const)('protocol negotiation %s is %s', async (mode, era) =>
  expect((await connect(mode)).getProtocolEra()).toBe(era),
);

describe.each(['v1', 'legacy', 'auto'] as const)('client %s', (mode) => {
  it('resolves with the result of a task and reports its status on the way', async () => {
    const client = await connectAs(mode);
    const { open } = gate(mode);
    const seen: TaskStatus[] = [];
    const result = await callTool(
      client,
      { name: 'wait', arguments: { gate: mode } },
      {
        onStatus(status) {
          seen.push(status);
          if (status.statusMessage?.includes('1 of 4 doors (25%)')) open();
        },
      },
    );
    expect(result.structuredContent).toEqual({ passed: mode });
    expect(seen.at(0)?.status).toBe('working');
    expect(seen.at(-1)?.status).toBe('completed');
    expect(new Set(seen.map(({ taskId }) => taskId)).size).toBe(1);
  });

  it('throws the JSON-RPC error that a task ended with, and awaits calls that do not become tasks', async () => {
    const client = await connectAs(mode);
    const error: unknown = await callTool(client, { name: 'refuse' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JsonRpcError);
    expect(error).toMatchObject({ code: -32055, message: 'no', data: { why: 'x' } });
    expect((await callTool(client, { name: 'plain' })).content).toEqual([{ type: 'text', text: 'plain' }]);
  });

  it('treats a terminated task as ended, not as an unreachable server', async () => {
    const client = await connectAs(mode);
    const { started } = gate(`${mode}-terminated`);
    let taskId = '';
    const call = callTool(
      client,
      { name: 'wait', arguments: { gate: `${mode}-terminated` } },
      { onStatus: (status) => (taskId = status.taskId) },
    );
    const ended = call.catch((error: unknown) => error);
    await started;
    await temporal.workflow.getHandle(taskId).terminate('by hand');
    expect(await ended).toMatchObject({
      code: -32603,
      message: expect.stringContaining('An operator terminated this task in Temporal (by hand)'),
    });
  });

  it('cancels the task when its signal aborts', async () => {
    const client = await connectAs(mode);
    const { started } = gate(`${mode}-abort`);
    const abort = new AbortController();
    let taskId = '';
    const call = callTool(
      client,
      { name: 'wait', arguments: { gate: `${mode}-abort` } },
      { signal: abort.signal, onStatus: (status) => (taskId = status.taskId) },
    );
    await started;
    abort.abort(new Error('changed my mind'));
    await expect(call).rejects.toThrow('changed my mind');
    expect((await stack.tasks.engine.get('anonymous', taskId)).outcome).toEqual({ kind: 'cancelled' });
  });

  it('continues when the server is replaced', async () => {
    const first = await listen(stack.tasks.handler(factory));
    const client = await connectAs(mode, first.url);
    const { open, started } = gate(`${mode}-restart`);
    const call = callTool(client, { name: 'wait', arguments: { gate: `${mode}-restart` } });
    await started;
    await first.close();
    const replacement = await startStack(tools, { pollInterval: '50 ms', taskQueue: stack.tasks.taskQueue });
    const second = await listen(replacement.tasks.handler(factory), first.port);
    open();
    expect((await call).structuredContent).toEqual({ passed: `${mode}-restart` });
    await second.close();
    await replacement.close();
  });
});

describe.each(['v1', 'legacy', 'auto'] as const)('client %s, a call that does not become a task', (mode) => {
  it('reports its progress while it is awaited', async () => {
    const client = await connectAs(mode);
    const { open } = gate(`${mode}-plain`);
    const seen: unknown[] = [];
    const onProgress = (progress: unknown): void => {
      seen.push(progress);
      open();
    };
    const result = await callTool(
      client,
      { name: 'wait_plainly', arguments: { gate: `${mode}-plain` } },
      { onProgress },
    );
    expect(result.structuredContent).toEqual({ passed: `${mode}-plain` });
    expect(seen).toEqual([{ progress: 1, total: 4, message: 'doors' }]);
  });

  it('rejects with its signal’s reason', async () => {
    const client = await connectAs(mode);
    const { open, started } = gate(`${mode}-plain-abort`);
    const abort = new AbortController();
    const call = callTool(
      client,
      { name: 'wait_plainly', arguments: { gate: `${mode}-plain-abort` } },
      { signal: abort.signal },
    );
    await Promise.race([started, call]);
    abort.abort(new Error('changed my mind'));
    await expect(call).rejects.toThrow('changed my mind');
    open();
  });
});

it('onInput also answers what a tool asks before it starts, in 2026-07-28', async () => {
  const asked: unknown[] = [];
  const onInput = async ({ params }: InputRequest) => {
    asked.push(params?.['message']);
    return await Promise.resolve({ action: 'accept', content: { name: 'Ann' } });
  };
  expect((await callTool(await connect('auto'), { name: 'asks_first' }, { onInput })).content).toEqual([
    { type: 'text', text: 'Ann, as before' },
  ]);
  expect(asked).toEqual(['Name?']);
});
