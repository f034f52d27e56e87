/** What the role of the MCP servers may not do. Shows that the other tests need no more rights than it has. */
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { certificateOf } from './setup/certificates.js';
import { tlsOf } from './setup/temporal.js';

const PERMISSION_DENIED = 7;
const { address, namespace, certificates } = inject('cluster');
const nobody = { workflowId: 'nobody' };
let connection: Connection;

beforeAll(async () => {
  connection = await Connection.connect({ address, tls: await tlsOf(certificateOf(certificates, 'tasks')) });
});
afterAll(async () => await connection.close());

const refusal = async (call: Promise<unknown>): Promise<number> =>
  await call.then(
    () => 0,
    (error: unknown) => (isGrpcServiceError(error) ? error.code : -1),
  );

it.each<[string, (service: Connection['workflowService']) => Promise<unknown>]>([
  ['terminate', (service) => service.terminateWorkflowExecution({ namespace, workflowExecution: nobody })],
  ['delete', (service) => service.deleteWorkflowExecution({ namespace, workflowExecution: nobody })],
  ['reset', (service) => service.resetWorkflowExecution({ namespace, workflowExecution: nobody })],
  ['work', (service) => service.pollActivityTaskQueue({ namespace, taskQueue: { name: 'nightly-load' } })],
  [
    'ship a version of workers',
    (service) =>
      service.setWorkerDeploymentCurrentVersion({ namespace, deploymentName: 'reports', version: 'reports.v1' }),
  ],
  ['read the namespace', (service) => service.describeNamespace({ namespace })],
  ['make namespaces', (service) => service.registerNamespace({ namespace: 'more' })],
  ['list elsewhere', (service) => service.listWorkflowExecutions({ namespace: 'default' })],
])('must not %s', async (_, call) => {
  expect(await refusal(call(connection.workflowService))).toBe(PERMISSION_DENIED);
});

it('may list in its namespace', async () => {
  expect(await refusal(connection.workflowService.listWorkflowExecutions({ namespace }))).toBe(0);
});

it('nobody gets in without a certificate', async () => {
  const { clientCertPair: _, ...tls } = await tlsOf(certificateOf(certificates, 'tasks'));
  const without = Connection.connect({ address, tls, connectTimeout: 5_000 });
  await expect(without).rejects.toThrow(/connect|certificate/i);
});
