/** The v1 SDK's own tasks, in memory and with sessions: a peer. @module */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CreateTaskRequestHandlerExtra } from '@modelcontextprotocol/sdk/experimental/tasks/interfaces.js';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { serveParent } from './parent.js';
import { work } from './work.js';

const taskStore = new InMemoryTaskStore();
const sessions = new Map<string, StreamableHTTPServerTransport>();

serveParent({
  start: async () => {
    const http = createServer((request, response) => {
      const transport = sessions.get(String(request.headers['mcp-session-id']));
      void (async () => await (transport ?? (await open())).handleRequest(request, response))();
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` };
  },
});

async function open(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
  const server = new McpServer(
    { name: 'store', version: '1.0.0' },
    { capabilities, taskStore, taskMessageQueue: new InMemoryTaskMessageQueue() },
  );
  addTask(server, 'echo', {}, async () => await work.echo());
  addTask(server, 'wait', { ms: z.number() }, async ({ ms }) => await work.wait({ ms: Number(ms) }));
  await server.connect(transport);
  return transport;
}

function addTask(
  server: McpServer,
  name: string,
  inputSchema: z.ZodRawShape,
  run: (args: Record<string, unknown>) => Promise<object>,
): void {
  server.experimental.tasks.registerToolTask(
    name,
    { inputSchema, execution: { taskSupport: 'optional' } },
    {
      async createTask(args: Record<string, unknown>, extra: CreateTaskRequestHandlerExtra) {
        const task = await extra.taskStore.createTask({ ttl: extra.taskRequestedTtl ?? null });
        const complete = async (): Promise<void> => {
          const result: CallToolResult = { content: [{ type: 'text', text: JSON.stringify(await run(args)) }] };
          await extra.taskStore.storeTaskResult(task.taskId, 'completed', result);
        };
        void complete();
        return { task };
      },
      getTask: async (_args, extra) => await extra.taskStore.getTask(extra.taskId),
      getTaskResult: async (_args, extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as CallToolResult,
    },
  );
}
