/** `onInput` and `onProgress` in 2025-11-25, against the v1 SDK's task server, with the clients of both SDKs. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CreateMessageResultSchema, ElicitRequestSchema, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, type InputRequest, type McpClient, type TaskStatus } from '../../src/client/index.js';
import { startV1Server, type V1Server } from '../helpers/v1-server.js';

const requestedSchema = { type: 'object' as const, properties: { said: { type: 'string' as const } } };
const related = (taskId: string) => ({ _meta: { 'io.modelcontextprotocol/related-task': { taskId } } });

/** Runs work that nobody awaits. It fails if the server closes while one of its questions is open. */
const inBackground = (work: () => Promise<void>): void => void work().catch(() => undefined);

function register(mcp: McpServer): void {
  const refuse = async () => await Promise.reject(new Error('never called'));
  /** Asks on the `tasks/result` stream: first a form, then the model. Reports its progress there too. */
  mcp.experimental.tasks.registerToolTask(
    'ask',
    { inputSchema: { name: z.string() }, execution: { taskSupport: 'required' } },
    {
      async createTask({ name }, extra) {
        const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 20 });
        // The SDK's types omit `relatedTask` here.
        const options: object = { relatedTask: { taskId: task.taskId } };
        inBackground(async () => {
          const token = extra._meta?.progressToken;
          if (token !== undefined)
            await mcp.server.notification(
              { method: 'notifications/progress', params: { progressToken: token, progress: 1, total: 2 } },
              options,
            );
          const form = await extra.sendRequest(
            { method: 'elicitation/create', params: { mode: 'form', message: `What, ${name}?`, requestedSchema } },
            ElicitResultSchema,
            options,
          );
          const model = await extra.sendRequest(
            { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
            CreateMessageResultSchema,
            options,
          );
          await extra.taskStore.storeTaskResult(task.taskId, 'completed', {
            content: [],
            structuredContent: { form: form.content, model: model.model },
          });
        });
        return { task };
      },
      getTask: refuse,
      getTaskResult: refuse,
    },
  );
  /** Asks on the session's own stream before returning the task ID, twice, as if the stream had been lost. */
  mcp.experimental.tasks.registerToolTask(
    'hurry',
    { execution: { taskSupport: 'required' } },
    {
      async createTask(extra) {
        const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 20 });
        const ask = async () =>
          await mcp.server.elicitInput({ mode: 'form', message: 'Now?', requestedSchema, ...related(task.taskId) });
        const answers = Promise.all([ask(), ask()]);
        inBackground(async () => {
          const [first, again] = await answers;
          await extra.taskStore.storeTaskResult(task.taskId, 'completed', {
            content: [],
            structuredContent: { first: first.content, again: again.content },
          });
        });
        // The ping is on the same stream, so its answer means the client has the questions.
        await mcp.server.ping();
        return { task };
      },
      getTask: refuse,
      getTaskResult: refuse,
    },
  );
  /** Asks during a plain call, optionally on behalf of a task. */
  mcp.registerTool('plain', { inputSchema: { taskId: z.string().optional() } }, async ({ taskId }) => {
    const { content } = await mcp.server.elicitInput({
      mode: 'form',
      message: 'Plainly?',
      requestedSchema,
      ...(taskId ? related(taskId) : {}),
    });
    return { content: [], structuredContent: { said: content?.['said'] } };
  });
}

let server: V1Server;
const clients: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  server = await startV1Server(register);
});
afterAll(async () => {
  await Promise.all(clients.map(async (client) => await client.close()));
  await server.close();
});

const accept = (said: string) => ({ action: 'accept' as const, content: { said } });
const capabilities = { elicitation: { form: {} }, sampling: {} };
const byTheHost = () => accept('the host’s own');

async function connect(kind: 'v1' | 'v2'): Promise<McpClient> {
  if (kind === 'v1') {
    const client = new V1Client({ name: 'test', version: '1.0.0' }, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, byTheHost);
    await client.connect(new V1Transport(server.url));
    return await ready(client);
  }
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode: 'legacy' } },
  );
  client.setRequestHandler('elicitation/create', byTheHost);
  await client.connect(new StreamableHTTPClientTransport(server.url));
  return await ready(client);
}

async function ready<C extends { close(): Promise<void> }>(client: C): Promise<C> {
  clients.push(client);
  await expect.poll(() => server.streams()).toBe(clients.length);
  return client;
}

/** Answers forms with `said`, and sampling requests with `said` as the model's name. */
const answering =
  (said: string, asked: InputRequest[] = []) =>
  async (request: InputRequest) => {
    asked.push(request);
    return await Promise.resolve(
      request.method === 'elicitation/create'
        ? accept(said)
        : { model: said, role: 'assistant', content: { type: 'text', text: '' } },
    );
  };

describe.each(['v1', 'v2'] as const)('client %s', (kind) => {
  it('two concurrent calls each answer their own task, which reads as input_required meanwhile', async () => {
    const client = await connect(kind);
    const asked: InputRequest[] = [];
    const seen: TaskStatus[] = [];
    const [ann, bob] = await Promise.all([
      callTool(
        client,
        { name: 'ask', arguments: { name: 'Ann' } },
        { onInput: answering('Ann', asked), onStatus: (status) => seen.push(status) },
      ),
      callTool(client, { name: 'ask', arguments: { name: 'Bob' } }, { onInput: answering('Bob') }),
    ]);
    expect(ann.structuredContent).toEqual({ form: { said: 'Ann' }, model: 'Ann' });
    expect(bob.structuredContent).toEqual({ form: { said: 'Bob' }, model: 'Bob' });
    expect(asked.map(({ method, params }) => [method, params?.['message']])).toEqual([
      ['elicitation/create', 'What, Ann?'],
      ['sampling/createMessage', undefined],
    ]);
    expect(seen.map(({ status }) => status)).toContain('input_required');
  });

  it('a question that arrives before the task’s ID waits for it, and is asked once however often it is sent', async () => {
    const asked: InputRequest[] = [];
    const result = await callTool(await connect(kind), { name: 'hurry' }, { onInput: answering('now', asked) });
    expect(result.structuredContent).toEqual({ first: { said: 'now' }, again: { said: 'now' } });
    expect(asked).toHaveLength(1);
  });

  it('questions of other calls stay with the client’s own handlers', async () => {
    const client = await connect(kind);
    const asked: InputRequest[] = [];
    const [mine, own, plain] = await Promise.all([
      callTool(client, { name: 'ask', arguments: { name: 'Ann' } }, { onInput: answering('Ann', asked) }),
      callTool(client, { name: 'hurry' }),
      callTool(client, { name: 'plain' }),
    ]);
    expect(mine.structuredContent).toEqual({ form: { said: 'Ann' }, model: 'Ann' });
    expect(own.structuredContent).toMatchObject({ first: { said: 'the host’s own' } });
    expect(plain.structuredContent).toEqual({ said: 'the host’s own' });
    expect(asked).toHaveLength(2);
  });

  it('an onInput that throws rejects the call, leaves the task running and does not affect later calls', async () => {
    const client = await connect(kind);
    let taskId = '';
    const call = callTool(
      client,
      { name: 'ask', arguments: { name: 'Ann' } },
      {
        onInput: async () => await Promise.reject(new Error('nobody home')),
        onStatus: (status) => (taskId = status.taskId),
      },
    );
    await expect(call).rejects.toThrow('nobody home');
    expect(
      await client.request({ method: 'tasks/get', params: { taskId } }, z.looseObject({}), { timeout: 10_000 }),
    ).toMatchObject({ status: 'input_required' });
    expect((await callTool(client, { name: 'plain', arguments: { taskId } })).structuredContent).toEqual({
      said: 'the host’s own',
    });
  });

  it('a task reports its progress on the stream that is held open for it', async () => {
    const progress: unknown[] = [];
    await callTool(
      await connect(kind),
      { name: 'ask', arguments: { name: 'Ann' } },
      { onInput: answering('Ann'), onProgress: (step) => progress.push(step) },
    );
    expect(progress).toEqual([{ progress: 1, total: 2 }]);
  });
});
