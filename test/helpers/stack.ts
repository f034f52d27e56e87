/** A server and its worker on the tests' Temporal. Each stack has its own task queue by default. @module */
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { TasksConnection } from '../../src/durable-tasks.js';
import { DurableTasks, type DurableTasksOptions, type DurableTool, type Logger } from '../../src/index.js';
import { createWorker, type CreateWorkerOptions, type DurableWorker } from '../../src/worker/index.js';
import { workflowBundle } from './workflow-bundle.js';

export const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
export const key = randomBytes(32).toString('hex');
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface Stack<Tasks extends TasksConnection = DurableTasks> {
  readonly tasks: Tasks;
  /** Starts a worker for this stack's tools; `stop` resolves once the worker has ended. */
  startWorker(options?: Partial<CreateWorkerOptions>): Promise<{ worker: DurableWorker; stop(): Promise<void> }>;
  close(): Promise<void>;
}

export async function startStack(tools: DurableTool[], options: Partial<DurableTasksOptions> = {}): Promise<Stack> {
  return await startStackOf(DurableTasks, tools, options);
}

/** Does the same as {@link startStack}, with the `DurableTasks` of either SDK. */
export async function startStackOf<Tasks extends TasksConnection>(
  sdk: { connect(options: DurableTasksOptions): Promise<Tasks> },
  tools: DurableTool[],
  options: Partial<DurableTasksOptions> = {},
): Promise<Stack<Tasks>> {
  const tasks = await sdk.connect({
    tools,
    key,
    taskQueue: `test-${randomUUID()}`,
    temporal: { address: inject('temporalAddress') },
    logger: silent,
    ...options,
  });
  const stops = new Set<() => Promise<void>>();
  return {
    tasks,
    async startWorker({ workflowsPath: path = workflowsPath, ...workerOptions } = {}) {
      const { failureConverterPath } = workerOptions.dataConverter ?? tasks.dataConverter ?? {};
      const worker = await createWorker({
        tools,
        tasks,
        workflowBundle: await workflowBundle(path, failureConverterPath),
        // Steps that a test leaves running are cancelled at once, not after the default of 10 s.
        shutdownGraceTime: 0,
        ...workerOptions,
      });
      const running = worker.run();
      const stop = async (): Promise<void> => {
        if (stops.delete(stop)) worker.shutdown();
        await running;
      };
      stops.add(stop);
      return { worker, stop };
    },
    async close() {
      await Promise.all([...stops].map(async (stop) => await stop()));
      await tasks.close();
    },
  };
}
