/** A program that is a bare Temporal worker with a prebuilt bundle, as small as one can be. @module */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { work } from './work.js';

const [address, taskQueue, codePath] = process.argv.slice(2) as [string, string, string];
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: { codePath },
  activities: { ...work },
});
await worker.run();
