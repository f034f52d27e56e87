/** A server of this package over HTTP, with its worker in the same process. @module */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/server';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { DurableTasks, serveHttp, type HttpServer, type LimitOptions, type Logger } from '../../src/index.js';
import { createWorker } from '../../src/worker/index.js';
import { serveParent } from './parent.js';
import { functionTools, workflowTools } from './tools.js';

export interface OursOptions {
  readonly address: string;
  /** @default another one */
  readonly key?: string;
  /** Whether a worker runs in this process. @default true */
  readonly worker?: boolean;
  /** Whether the worker also runs the workflows of `workflows.ts`. @default false: it uses the bundle of the package */
  readonly workflows?: boolean;
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
  warn: report,
  error: report,
};

let tasks: DurableTasks | undefined;
let served: HttpServer | undefined;
let stopping = false;

serveParent({
  start: async (options: OursOptions) => {
    const { address, key = randomBytes(32).toString('hex'), worker = true, workflows = false, server = true } = options;
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    tasks = await DurableTasks.connect({
      tools: [...functionTools, ...workflowTools],
      key,
      temporal: { address, environment: false },
      owner: (authInfo) => authInfo?.token ?? 'ann',
      limits,
      logger,
    });
    if (worker) await runWorker(tasks, workflows);
    if (server) served = await serve(tasks);
    return { url: served?.url };
  },
  stop: async () => {
    stopping = true;
    await served?.close();
    await tasks?.close();
  },
});

/** What goes wrong distorts the figures. At the end, waits that are cut off are no news. */
function report(fields: object, message: string): void {
  if (!stopping) process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

async function runWorker(connected: DurableTasks, workflows: boolean): Promise<void> {
  const worker = await createWorker({
    tools: functionTools,
    tasks: connected,
    // Cancels running tools at once when the benchmark ends.
    shutdownGraceTime: 0,
    ...(workflows ? { workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)) } : {}),
  });
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
