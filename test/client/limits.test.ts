/** `callTool` at a server's limits: it waits as long as the server says, and sends the request again. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, tasksCapability, type McpClient } from '../../src/client/index.js';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { defineTool } from '../../src/index.js';
import { adapters } from '../helpers/adapters.js';
import { reached, release } from '../helpers/gated.js';
import { listen, type Listening } from '../helpers/http.js';
import { trustBearers } from '../helpers/bearers.js';
import type { Stack } from '../helpers/stack.js';

const tools = [
  defineTool({
    name: 'wait',
    inputSchema: z.object({ gate: z.string() }),
    run: async ({ gate }, ctx) => await reached(gate, ctx.signal).then(() => 'done'),
  }),
];

describe.each(adapters)('%s SDK', (sdk, adapt) => {
  let stack: Stack<TasksConnection>;
  let server: Listening;
  const clients: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    const limits = { runningTasks: { perOwner: 1, perProcess: 100 } };
    const adapted = await adapt(tools, { limits, pollInterval: '50 ms' });
    ({ stack } = adapted);
    await stack.startWorker();
    server = await listen(trustBearers(adapted.handler));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });
  afterAll(async () => {
    await server.close();
    await stack.close();
  });

  async function connect(kind: 'v1' | 'legacy' | 'auto'): Promise<McpClient> {
    // An owner of its own, because Temporal counts the owner's running tasks.
    const requestInit = { headers: { authorization: `Bearer ${crypto.randomUUID()}` } };
    if (kind === 'v1') {
      const client = new V1Client({ name: 'test', version: '1.0.0' });
      await client.connect(new V1Transport(server.url, { requestInit }));
      clients.push(client);
      return client;
    }
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: kind }, capabilities: tasksCapability },
    );
    await client.connect(new StreamableHTTPClientTransport(server.url, { requestInit }));
    clients.push(client);
    return client;
  }

  it.each(sdk === 'v1' ? (['v1', 'legacy'] as const) : (['v1', 'legacy', 'auto'] as const))(
    'client %s waits until it may start another task',
    async (kind) => {
      const client = await connect(kind);
      const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
      release(second);
      let begun = (): void => undefined;
      const running = new Promise<void>((resolve) => (begun = resolve));
      const calls = [
        callTool(client, { name: 'wait', arguments: { gate: first } }, { onStatus: () => begun() }),
        running.then(async () => await callTool(client, { name: 'wait', arguments: { gate: second } })),
      ];
      await running;
      await expect(
        callTool(client, { name: 'wait', arguments: { gate: second } }, { patience: '1 second' }),
      ).rejects.toMatchObject({
        code: -32010,
        message: expect.stringMatching(
          /^Too many running tasks: the limit is 1 for each caller\..* Wait 2 seconds/,
        ) as string,
        data: { limit: 'runningTasks', allowed: 1, retryAfterMs: 2_000 },
      });
      release(first);
      for (const { content } of await Promise.all(calls)) expect(content).toEqual([{ type: 'text', text: 'done' }]);
    },
  );
});
