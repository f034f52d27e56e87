/** The v1 SDK's own client, which most 2025-11-25 hosts are built on, against the same endpoint. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { takeResult } from '@modelcontextprotocol/sdk/shared/responseMessage.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool, ToolError } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { listen, type Listening } from '../helpers/http.js';
import type { Stack } from '../helpers/stack.js';

const tools = [
  defineTool({
    name: 'double',
    inputSchema: z.object({ n: z.number() }),
    async run({ n }) {
      if (n < 0) throw new ToolError('too small');
      return await Promise.resolve({ n: 2 * n });
    },
  }),
];

describe.each(adapters)('against a server of the %s SDK', (_sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let server: Listening;
  let client: Client;
  beforeAll(async () => {
    const adapted = await adapt(tools, { pollInterval: '50 ms', owner: () => 'one' });
    ({ stack } = adapted);
    await stack.startWorker();
    server = await listen(adapted.handler);
    client = new Client({ name: 'v1', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(server.url));
    await client.listTools();
  });
  afterAll(async () => {
    await client.close();
    await server.close();
    await stack.close();
  });

  it('streams a task to its result, and awaits a plain call', async () => {
    const stream = client.experimental.tasks.callToolStream(
      { name: 'double', arguments: { n: 4 } },
      CallToolResultSchema,
      { task: { ttl: 60_000 } },
    );
    expect((await takeResult(stream)).structuredContent).toEqual({ n: 8 });
    expect((await client.callTool({ name: 'double', arguments: { n: 5 } })).structuredContent).toEqual({ n: 10 });
  });

  it('gets, lists and cancels', async () => {
    const { task } = await client.request(
      { method: 'tools/call', params: { name: 'double', arguments: { n: 1 }, task: {} } },
      z.looseObject({ task: z.looseObject({ taskId: z.string() }) }),
    );
    await client.experimental.tasks.getTaskResult(task.taskId, CallToolResultSchema);
    expect(await client.experimental.tasks.getTask(task.taskId)).toMatchObject({
      taskId: task.taskId,
      status: 'completed',
      ttl: 86_400_000,
    });
    expect((await client.experimental.tasks.listTasks()).tasks).toContainEqual(
      await client.experimental.tasks.getTask(task.taskId),
    );
    await expect(client.experimental.tasks.cancelTask(task.taskId)).rejects.toMatchObject({ code: -32602 });
  });

  it('says why a task failed', async () => {
    const messages = [];
    for await (const message of client.experimental.tasks.callToolStream(
      { name: 'double', arguments: { n: -1 } },
      CallToolResultSchema,
      { task: {} },
    ))
      messages.push(message);
    expect(messages).toContainEqual(
      expect.objectContaining({
        type: 'taskStatus',
        task: expect.objectContaining({ status: 'failed', statusMessage: 'too small' }),
      }),
    );
  });
});
