/** Starts a gateway on the tests' Temporal, and a worker that knows nothing about it. @module */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { serveGateway, type Gateway, type GatewayConfigInput, type GatewayOptions } from '../../src/gateway/index.js';
import * as activities from '../fixtures/plain-activities.js';
import { key, silent, workflowsPath } from './stack.js';
import { workflowBundle } from './workflow-bundle.js';

const plainWorkflows = fileURLToPath(new URL('../fixtures/plain-workflows.ts', import.meta.url));

/** Starts a worker of the plain workflows. @returns a function that stops it */
export async function startPlainWorker(
  taskQueue: string,
  options: Partial<WorkerOptions> = {},
): Promise<() => Promise<void>> {
  const connection = options.connection ?? (await NativeConnection.connect({ address: inject('temporalAddress') }));
  const worker = await Worker.create({
    connection,
    taskQueue,
    activities,
    workflowBundle: await workflowBundle(plainWorkflows, options.dataConverter?.failureConverterPath),
    ...options,
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    if (!options.connection) await connection.close();
  };
}

export async function startGateway(
  config: Partial<GatewayConfigInput> & Pick<GatewayConfigInput, 'tools'>,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const temporal = { address: inject('temporalAddress') };
  return await serveGateway(
    { temporal, taskQueue: `plain-${randomUUID()}`, pollInterval: '50 ms', ...config },
    { key, logger: silent, worker: { workflowBundle: await workflowBundle(workflowsPath) }, ...options },
  );
}
