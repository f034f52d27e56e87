/**
 * The fixture tools on the v1 SDK's own tasks: its in-memory store and message queue, in sessions over Streamable HTTP.
 * Everything that the SDK leaves to the author follows the specification, so that any failure is the SDK's.
 * @module
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import type { CreateTaskRequestHandlerExtra } from '@modelcontextprotocol/sdk/experimental/tasks/interfaces.js';
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ElicitResultSchema, type CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const DAY = 86_400_000;

type Extra = CreateTaskRequestHandlerExtra;
type Work = (args: Record<string, unknown>, taskId: string, extra: Extra) => Promise<CallToolResult>;

const text = (said: string, isError = false): CallToolResult => ({
  content: [{ type: 'text', text: said }],
  ...(isError ? { isError } : {}),
});

async function askFor(
  field: string,
  schema: { type: 'string' } | { type: 'boolean' },
  taskId: string,
  extra: Extra,
): Promise<unknown> {
  const requestedSchema = { type: 'object' as const, properties: { [field]: schema }, required: [field] };
  const request = {
    method: 'elicitation/create' as const,
    params: { mode: 'form' as const, message: `What about ${field}?`, requestedSchema },
  };
  // The options accept `relatedTask`, but their type lacks it.
  const options = { relatedTask: { taskId } } as Parameters<Extra['sendRequest']>[2];
  const { content } = await extra.sendRequest(request, ElicitResultSchema, options);
  return content?.[field];
}

async function working(taskId: string, extra: Extra): Promise<void> {
  await extra.taskStore.updateTaskStatus(taskId, 'working');
}

interface TaskTool {
  readonly name: string;
  /** @default no arguments */
  readonly inputSchema?: z.ZodRawShape;
  /** @default 'optional' */
  readonly taskSupport?: 'optional' | 'required';
}

function addTask(mcp: McpServer, { name, inputSchema = {}, taskSupport = 'optional' }: TaskTool, work: Work): void {
  const description = `The fixture's ${name}`;
  mcp.experimental.tasks.registerToolTask(
    name,
    { description, inputSchema, execution: { taskSupport } },
    {
      async createTask(args, extra) {
        // Copy the task, because the store keeps mutating the object it returned.
        const task = {
          ...(await extra.taskStore.createTask({
            ttl: Math.min(extra.taskRequestedTtl ?? DAY, DAY),
            pollInterval: 200,
          })),
        };
        void run(args, task.taskId, extra);
        return { task };
      },
      getTask: async (_args, extra) => await extra.taskStore.getTask(extra.taskId),
      getTaskResult: async (_args, extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as CallToolResult,
    },
  );

  const run = async (args: Record<string, unknown>, taskId: string, extra: Extra): Promise<void> => {
    try {
      const result = await work(args, taskId, extra);
      // The store does not accept a status message with a result, so set it first.
      if (result.isError) await extra.taskStore.updateTaskStatus(taskId, 'working', 'the job failed');
      await extra.taskStore.storeTaskResult(taskId, result.isError ? 'failed' : 'completed', result);
    } catch (error) {
      // The store refuses this if the task was cancelled meanwhile. Then there is nothing left to report.
      await extra.taskStore
        .updateTaskStatus(taskId, 'failed', error instanceof Error ? error.message : String(error))
        .catch(() => undefined);
    }
  };
}

function fixtureServer(taskStore: InMemoryTaskStore, taskMessageQueue: InMemoryTaskMessageQueue): McpServer {
  const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
  const mcp = new McpServer({ name: 'sdk-v1', version: '1.0.0' }, { capabilities, taskStore, taskMessageQueue });
  mcp.registerTool('greet', { description: 'Greets', inputSchema: { name: z.string() } }, ({ name }) =>
    text(`Hello, ${name}!`),
  );
  addTask(
    mcp,
    { name: 'echo_task', inputSchema: { text: z.string() } },
    async ({ text: said }) => await Promise.resolve(text(String(said))),
  );
  addTask(
    mcp,
    { name: 'slow_compute', inputSchema: { seconds: z.number(), label: z.string().optional() } },
    async ({ seconds, label }, taskId, extra) => {
      const steps = Math.ceil(Number(seconds) * 5);
      const progressToken = extra._meta?.progressToken;
      for (let progress = 1; progress <= steps; progress++) {
        await delay(200);
        if (progressToken !== undefined)
          await mcp.server.notification(
            { method: 'notifications/progress', params: { progressToken, progress, total: steps } },
            { relatedTask: { taskId } },
          );
      }
      return text(`${String(label)} took ${String(seconds)} s`);
    },
  );
  addTask(mcp, { name: 'failing_job' }, async () => await Promise.resolve(text('the job failed', true)));
  addTask(
    mcp,
    { name: 'protocol_error_job' },
    async () => await Promise.reject(new Error('the job ended with a protocol error')),
  );
  addTask(
    mcp,
    { name: 'confirm_delete', inputSchema: { filename: z.string() } },
    async ({ filename }, taskId, extra) => {
      const confirm = await askFor('confirm', { type: 'boolean' }, taskId, extra);
      await working(taskId, extra);
      return text(confirm === true ? `deleted ${String(filename)}` : `kept ${String(filename)}`);
    },
  );
  addTask(mcp, { name: 'multi_input' }, async (_args, taskId, extra) => {
    const [name, confirm] = await Promise.all([
      askFor('name', { type: 'string' }, taskId, extra),
      askFor('confirm', { type: 'boolean' }, taskId, extra),
    ]);
    await working(taskId, extra);
    return text(`${String(name)}: ${String(confirm)}`);
  });
  addTask(mcp, { name: 'test_tool_with_task', taskSupport: 'required' }, async (_args, taskId, extra) => {
    const name = await askFor('user_name', { type: 'string' }, taskId, extra);
    await working(taskId, extra);
    return text(`Hello, ${String(name)}!`);
  });
  return mcp;
}

/** Serves these tools on a free port of the loopback interface. */
export async function startSdkV1(): Promise<{ url: URL; close(): Promise<void> }> {
  const taskStore = new InMemoryTaskStore();
  const taskMessageQueue = new InMemoryTaskMessageQueue();
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let allowedHosts: string[] = [];
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new InMemoryEventStore(),
      enableDnsRebindingProtection: true,
      allowedHosts,
      allowedOrigins: allowedHosts.map((host) => `http://${host}`),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await fixtureServer(taskStore, taskMessageQueue).connect(transport);
    return transport;
  };
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      const id = request.headers['mcp-session-id'];
      const transport = typeof id === 'string' ? sessions.get(id) : await open();
      if (transport) await transport.handleRequest(request, response);
      else response.writeHead(404).end();
    };
    serve().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  allowedHosts = [`127.0.0.1:${port}`];
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async close() {
      await Promise.all([...sessions.values()].map(async (transport) => await transport.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      taskStore.cleanup();
    },
  };
}
