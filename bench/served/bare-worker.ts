/** A Temporal worker without this package: the limit. @module */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { serveParent } from './parent.js';
import { work } from './work.js';

let worker: Worker | undefined;
let running: Promise<void> | undefined;
let connection: NativeConnection | undefined;

serveParent({
  start: async ({ address, taskQueue }: { address: string; taskQueue: string }) => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    connection = await NativeConnection.connect({ address });
    const workflowsPath = fileURLToPath(new URL('bare-workflows.js', import.meta.url));
    worker = await Worker.create({ connection, taskQueue, workflowsPath, activities: { ...work } });
    running = worker.run();
    return {};
  },
  stop: async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
  },
});
