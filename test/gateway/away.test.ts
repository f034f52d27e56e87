/** A gateway whose cluster goes down and comes back. */
import { createServer, type AddressInfo } from 'node:net';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import type { Gateway } from '../../src/gateway/index.js';
import { send2025, send2026, type Reply } from '../helpers/raw-requests.js';
import { silent } from '../helpers/stack.js';
import { startGateway } from '../helpers/gateway.js';

let gateway: Gateway;
let port: number;
let temporal: TestWorkflowEnvironment | undefined;
let logged: object[];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}
beforeEach(async () => {
  port = await freePort();
  logged = [];
  gateway = await startGateway(
    {
      temporal: { address: `127.0.0.1:${port}` },
      tools: [
        { name: 'sleep', workflow: 'Sleeper' },
        { name: 'sure', workflow: 'Sleeper', confirm: true },
      ],
    },
    { logger: { ...silent, warn: (fields) => void logged.push(fields) } },
  );
});
afterEach(async () => {
  await gateway.close();
  await temporal?.teardown();
  temporal = undefined;
});

const comes = async (): Promise<void> => {
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { ip: '127.0.0.1', port, executable: { type: 'existing-path', path: inject('temporalCli') } },
  });
};
const call = async (): Promise<Reply> =>
  await send2026(gateway.handler(), 'tools/call', { name: 'sleep', arguments: {} });
const away = { code: -32603, message: expect.stringContaining('try again'), data: { retryable: true } };

it('starts without Temporal, answers with retryable errors, and works as soon as Temporal is available', async () => {
  expect((await call()).error).toMatchObject({
    ...away,
    message: expect.stringMatching(/no task is known to have started; try again\.$/),
  });
  // Requests that fail during an outage are logged without a stack trace.
  expect(logged.find((fields) => 'method' in fields)).toEqual({
    method: 'tools/call',
    tool: 'sleep',
    code: 'TEMPORAL_UNAVAILABLE',
    reason: expect.stringContaining('DEADLINE_EXCEEDED'),
  });
  expect((await send2025(gateway.handler(), 'tools/list', {})).result.tools).toHaveLength(2);
  await comes();
  let taskId: string | undefined;
  await expect.poll(async () => (taskId = (await call()).result?.taskId), { timeout: 20_000 }).toBeDefined();
  await temporal?.teardown();
  temporal = undefined;
  for (const method of ['tasks/get', 'tasks/cancel'])
    expect((await send2026(gateway.handler(), method, { taskId })).error).toMatchObject(away);
  expect((await call()).error).toMatchObject(away);
  // A different cluster at the same address: the client reconnects, but the cluster has none of the tasks.
  await comes();
  await expect
    .poll(async () => (await send2026(gateway.handler(), 'tasks/get', { taskId })).error?.code, { timeout: 20_000 })
    .toBe(-32602);
});
