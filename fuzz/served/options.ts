/** What all fuzzed processes share, from the environment that the fuzzer sets. @module */
import { stderrLogger } from '../../src/local/log.js';
import { tools } from './tools.js';

export const TASK_QUEUE = 'fuzz';

export const options = {
  tools,
  taskQueue: TASK_QUEUE,
  temporal: { address: process.env['FUZZ_TEMPORAL'] as string },
  pollInterval: '100 ms',
  // The fuzzer is one user who starts more tasks than any real one.
  limits: { startsPerMinute: false, runningTasks: false },
  logger: stderrLogger(),
} as const;

// Ends this process when the fuzzer ends, however that happens. The listener alone must not keep the process alive.
process.once('disconnect', () => process.exit());
process.channel?.unref();
