/** The official client library for tasks, `@modelcontextprotocol/ext-tasks`, against our server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  type CreateTaskSessionFromClientOptions,
  type TaskEnabledSession,
} from '@modelcontextprotocol/ext-tasks/client';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { rawDispatch } from '../../src/client/index.js';
import { defineTool, TaskError } from '../../src/index.js';
import { twice, waitForFile } from '../fixtures/tools.mjs';
import { listen, type Listening } from '../helpers/http.js';
import { startStack, type Stack } from '../helpers/stack.js';

const tools = [
  waitForFile,
  defineTool({
    name: 'refuse',
    inputSchema: z.object({}),
    run: async () => await Promise.reject(new TaskError(-32055, 'no', { why: 'x' })),
  }),
  twice,
];
const clientInfo = { name: 'ext-tasks', version: '1.0.0' };
const clientCapabilities = { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const stdioServer = fileURLToPath(new URL('../fixtures/stdio-server.mjs', import.meta.url));

let dir: string;
let stack: Stack;
let server: Listening;
const closing: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-ext-'));
  stack = await startStack(tools, { pollInterval: '50 ms' });
  await stack.startWorker({ workflowsPath: fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url)) });
  server = await listen(stack.tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
});
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});
afterAll(async () => {
  await server.close();
  await stack.close();
  await rm(dir, { recursive: true, force: true });
});

const overHttp = (): Transport => new StreamableHTTPClientTransport(server.url);
const overStdio = (): Transport =>
  new StdioClientTransport({
    command: process.execPath,
    args: [stdioServer],
    cwd: dir,
    stderr: 'ignore',
    env: {
      ...(process.env as Record<string, string>),
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEST_TASK_QUEUE: stack.tasks.taskQueue,
    },
  });

/** Opens a host's session. In 2026-07-28 it uses our `rawDispatch`. */
async function open(
  mode: 'legacy' | 'auto',
  transport: Transport,
  options: Pick<CreateTaskSessionFromClientOptions, 'onInputRequest'> = {},
): Promise<TaskEnabledSession> {
  const client = new Client(clientInfo, { versionNegotiation: { mode }, capabilities: clientCapabilities });
  await client.connect(transport);
  const raw =
    mode === 'auto'
      ? {
          rawDispatch: rawDispatch(client),
          v2RequestFraming: { protocolVersion: '2026-07-28', clientInfo, clientCapabilities },
        }
      : {};
  const session = createTaskSessionFromClient(client, { endpointId: 'test', ...options, ...raw });
  closing.push(client, session);
  return session;
}
const call = async (session: TaskEnabledSession, name: string, args = {}) =>
  await session.callTool(name, args, { task: { preference: 'prefer' } });

describe.each([
  ['legacy', 'HTTP', overHttp],
  ['auto', 'HTTP', overHttp],
  ['legacy', 'stdio', overStdio],
  ['auto', 'stdio', overStdio],
] as const)('protocol negotiation %s over %s', (mode, over, transport) => {
  it('creates a task, watches it and gets its result', async () => {
    const file = join(dir, `${mode}-${over}`);
    const execution = await call(await open(mode, transport()), 'wait_for_file', { file });
    expect(execution.kind).toBe('task');
    const states: string[] = [];
    for await (const event of execution.updates()) {
      if (event.type === 'outcome') break;
      states.push(event.task.status);
      if (event.task.statusMessage?.includes('looks')) await writeFile(file, '');
    }
    expect(states).toContain('working');
    expect(resultFromTaskOutcome(await execution.result())).toMatchObject({ structuredContent: { file } });
  });

  it('cancels, and resumes in another session', async () => {
    const first = await call(await open(mode, transport()), 'wait_for_file', { file: join(dir, 'never') });
    if (first.kind !== 'task') throw new Error('the call became no task');
    const reference = first.serializeReference();
    await first.detach();
    const session = await open(mode, transport());
    const resumed = await session.resumeTask(reference);
    await resumed.cancel();
    expect(await resumed.result()).toMatchObject({ status: 'cancelled' });
    expect(await session.task(reference.taskId).snapshot()).toMatchObject({ status: 'cancelled' });
  });
});

describe.each(['legacy', 'auto'] as const)('protocol negotiation %s', (mode) => {
  it('a JSON-RPC error of the task is its outcome', async () => {
    const outcome = await (await call(await open(mode, overHttp()), 'refuse')).result();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: expect.objectContaining({ message: expect.stringContaining('no') }),
    });
  });
});

it.each([
  ['legacy', 'HTTP', overHttp],
  ['auto', 'HTTP', overHttp],
  ['legacy', 'stdio', overStdio],
  ['auto', 'stdio', overStdio],
] as const)('protocol negotiation %s over %s answers the questions of a task', async (mode, _over, transport) => {
  const onInputRequest = async ({ params }: { params?: Readonly<Record<string, unknown>> }) =>
    await Promise.resolve({
      action: 'accept',
      content: params?.['message'] === 'Name?' ? { name: 'Ann' } : { size: 3 },
    } as never);
  const session = await open(mode, transport(), { onInputRequest });
  expect(resultFromTaskOutcome(await (await call(session, 'twice')).result())).toMatchObject({
    structuredContent: { name: 'Ann', size: 3 },
  });
});

describe('rawDispatch', () => {
  const connected = async (): Promise<Client> => {
    const client = new Client(clientInfo, { versionNegotiation: { mode: 'auto' }, capabilities: clientCapabilities });
    await client.connect(overHttp());
    closing.push(client);
    return client;
  };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': clientCapabilities,
  };
  const waiting = {
    method: 'tools/call',
    params: {
      name: 'wait_for_file',
      arguments: { file: '/never' },
      _meta: { ..._meta, 'io.modelcontextprotocol/clientCapabilities': {} },
    },
  };

  it('passes on the server’s errors', async () => {
    expect(
      await rawDispatch(await connected())({ method: 'tasks/get', params: { taskId: 'mcp-none', _meta } }),
    ).toMatchObject({ kind: 'error', error: { code: -32602 } });
  });

  it('gives up at the timeout, when its signal aborts, and when the connection closes', async () => {
    const client = await connected();
    const dispatch = rawDispatch(client);
    await expect(dispatch(waiting, { context: { requestTimeoutMs: 50 } })).rejects.toThrow(
      'did not answer within 50 ms',
    );
    await expect(dispatch(waiting, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await client.close();
    await expect(dispatch(waiting)).rejects.toThrow('not connected');
  });
});
