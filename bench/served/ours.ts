/** A server of this package over HTTP, with its worker in the same process. @module */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { DurableTasks, serveHttp, type HttpServer, type LimitOptions, type Logger } from '../../src/index.js';
import { createWorker } from '../../src/worker/index.js';
import { serveParent } from './parent.js';
import { tools } from './tools.js';

export interface OursOptions {
  readonly address: string;
  /** @default another one */
  readonly key?: string;
  /** @default 'mcp-tasks' */
  readonly taskQueue?: string;
  /** Whether a worker runs in this process. @default true */
  readonly worker?: boolean;
  /** Whether the server itself runs in this process. @default true */
  readonly server?: boolean;
}

/** A benchmark sends more than any one caller may, but the counting is part of the cost. */
const AS_GOOD_AS_NONE = 1_000_000_000;
const shares = { perOwner: AS_GOOD_AS_NONE, perProcess: AS_GOOD_AS_NONE };
const limits: LimitOptions = {
  runningTasks: shares,
  startsPerMinute: shares,
  readsPerSecond: shares,
  waitingRequests: shares,
  subscriptions: shares,
  readsPerPoll: AS_GOOD_AS_NONE,
};
const logger: Logger = {
  debug() {},
  info() {},
  warn: (...line) => process.stderr.write(`${JSON.stringify(line)}\n`),
  error: (...line) => process.stderr.write(`${JSON.stringify(line)}\n`),
};

let tasks: DurableTasks | undefined;
let served: HttpServer | undefined;

serveParent({
  start: async (options: OursOptions) => {
    const { address, taskQueue, key = randomBytes(32).toString('hex'), worker = true, server = true } = options;
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    tasks = await DurableTasks.connect({
      tools,
      key,
      temporal: { address, environment: false },
      owner: (authInfo) => authInfo?.token ?? 'ann',
      limits,
      logger,
      ...(taskQueue === undefined ? {} : { taskQueue }),
    });
    if (worker) await runWorker(tasks);
    if (server) served = await serve(tasks);
    return { url: served?.url };
  },
  stop: async () => {
    await served?.close();
    await tasks?.close();
  },
});

async function runWorker(connected: DurableTasks): Promise<void> {
  const workflowsPath = fileURLToPath(new URL('workflows.js', import.meta.url));
  // Cancels running tools at once when the benchmark ends.
  const worker = await createWorker({ tools, tasks: connected, workflowsPath, shutdownGraceTime: 0 });
  worker.run().catch((error: unknown) => logger.error({ err: error }, 'the worker failed'));
}

async function serve(connected: DurableTasks): Promise<HttpServer> {
  const handler = connected.handler(() => new McpServer({ name: 'bench', version: '1.0.0' }));
  return await serveHttp(
    {
      ...handler,
      close: async () => await handler.close(),
      // The token names the owner.
      fetch: async (request, given) => {
        const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? 'ann';
        return await handler.fetch(request, { ...given, authInfo: { token, clientId: 'bench', scopes: [] } });
      },
    },
    { port: 0 },
  );
}
