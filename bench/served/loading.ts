/** A server with the reference tools, and their worker, in one process. @module */
import { randomBytes } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/server';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { DurableTasks, serveHttp, type HttpServer } from '../../src/index.js';
import { referenceActivities, referenceTools, referenceWorkflowsPath } from '../../src/tools/index.js';
import { createWorker } from '../../src/worker/index.js';
import { serveParent } from './parent.js';

let tasks: DurableTasks | undefined;
let served: HttpServer | undefined;

serveParent({
  start: async ({ address, url, root }: { address: string; url: string; root: string }) => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const config = { roots: [root], databases: { default: url } };
    const tools = referenceTools(config);
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const key = randomBytes(32).toString('hex');
    tasks = await DurableTasks.connect({ tools, key, temporal: { address, environment: false }, logger });
    const worker = await createWorker({
      tools,
      tasks,
      activities: referenceActivities(config),
      workflowsPath: referenceWorkflowsPath,
    });
    void worker.run();
    served = await serveHttp(
      tasks.handler(() => new McpServer({ name: 'bench', version: '1.0.0' })),
      { port: 0 },
    );
    return { url: served.url };
  },
  stop: async () => {
    await served?.close();
    await tasks?.close();
  },
});
