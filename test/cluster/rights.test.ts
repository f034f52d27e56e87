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
  [
    'poll for activity tasks',
    (service) => service.pollActivityTaskQueue({ namespace, taskQueue: { name: 'nightly-load' } }),
  ],
  [
    'set the current worker version',
    (service) =>
      service.setWorkerDeploymentCurrentVersion({ namespace, deploymentName: 'reports', version: 'reports.v1' }),
  ],
  ['read the namespace', (service) => service.describeNamespace({ namespace })],
  ['create namespaces', (service) => service.registerNamespace({ namespace: 'more' })],
  ['list workflows in another namespace', (service) => service.listWorkflowExecutions({ namespace: 'default' })],
])('the server’s role may not %s', async (_, call) => {
  expect(await refusal(call(connection.workflowService))).toBe(PERMISSION_DENIED);
});

it('the server’s role may list workflows in its namespace', async () => {
  expect(await refusal(connection.workflowService.listWorkflowExecutions({ namespace }))).toBe(0);
});

it('a client without a certificate is refused', async () => {
  const { clientCertPair: _, ...tls } = await tlsOf(certificateOf(certificates, 'tasks'));
  const without = Connection.connect({ address, tls, connectTimeout: 5_000 });
  await expect(without).rejects.toThrow(/connect|certificate/i);
});
