/** The worker of all fuzzed servers, in a process of its own. @module */
import { fileURLToPath } from 'node:url';
import { installRuntime } from '../../src/worker/runtime.js';
import { createWorker } from '../../src/worker/index.js';
import { options } from './options.js';

installRuntime(options.logger);
const workflowsPath = fileURLToPath(new URL('workflows.js', import.meta.url));
const worker = await createWorker({ ...options, workflowsPath });
process.once('SIGTERM', () => worker.shutdown());
process.stdout.write('ready\n');
await worker.run();
